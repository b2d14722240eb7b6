//! Function names as prompts, for commands without another source.

use alloy_runtime::command;
use alloy_tests::server::{Reply, Server};

use super::check;

#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

#[command(model = "ollama:llama3.1")]
async fn extract(text: &str) -> User;

// D1: the example of the acceptance list.
#[tokio::test]
async fn the_function_name_is_the_prompt_and_a_parameter_is_a_block() {
    let server = Server::start([Reply::answer(r#"{"name":"Jason","age":25}"#)]);
    let user = extract("Jason is 25 years old")
        .host(server.host())
        .await
        .unwrap();
    assert_eq!(
        user,
        User {
            name: "Jason".into(),
            age: 25
        }
    );
    let sent = server.request().json();
    assert_eq!(sent["model"], "llama3.1");
    assert_eq!(
        sent["messages"][1]["content"],
        "Extract\n\n<text>\nJason is 25 years old\n</text>"
    );
}

#[command(model = "m")]
async fn extract_user_2() -> String;

struct Desk {
    owner: &'static str,
}

impl Desk {
    #[command(model = "m")]
    async fn tidy_up(&self, room: &str) -> String;

    #[command(model = "m")]
    async fn greet(&self, name: &str) -> String {
        format!("{} greets {name}", self.owner)
    }
}

#[test]
fn a_function_name_is_split_into_words() {
    check(&extract_user_2(), "Extract user 2");
}

#[test]
fn methods_can_be_commands_and_the_receiver_is_not_sent() {
    let desk = Desk { owner: "Ann" };
    check(
        &desk.tidy_up("kitchen"),
        "Tidy up\n\n<room>\nkitchen\n</room>",
    );
    check(&desk.greet("Ben"), "Ann greets Ben");
}
