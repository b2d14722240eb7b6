//! A changed command, whose message a person understands at a glance.

use serde::Deserialize;

use super::{Folder, answer_of, ask, failure};
use crate::testing::cassette::tests::server::MiniServer;
use crate::{Command, Output, Tool};

mod before {
    /// A user.
    #[derive(super::Deserialize, schemars::JsonSchema)]
    pub(super) struct User {
        /// The full name.
        #[expect(dead_code, reason = "only the schema is used")]
        name: String,
        /// The age in years.
        #[expect(dead_code, reason = "only the schema is used")]
        age: u8,
    }
}

mod after {
    /// A user.
    #[derive(super::Deserialize, schemars::JsonSchema)]
    pub(super) struct User {
        /// The first name alone.
        #[expect(dead_code, reason = "only the schema is used")]
        name: String,
        /// The age in years.
        #[expect(dead_code, reason = "only the schema is used")]
        age: u8,
    }
}

/// Records a command, and returns the message of another one without its frame.
async fn difference<T: Output, U: Output + Send>(
    test: &str,
    old: Command<T>,
    new: Command<U>,
) -> String {
    let folder = Folder::new(test);
    let answer = answer_of("{\"name\": \"Ann\", \"age\": 1}").to_string();
    let server = MiniServer::start([(200, "application/json", answer)]);
    drop(folder.record().run(old.host(server.host())).await);
    let message = failure(folder.replay(), async { drop(new.await) }).await;
    let (_, differences) = message.split_once("now):\n").unwrap();
    differences
        .split("- `exchanges[0]` was not played")
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_changed_doc_comment_shows_the_field() {
    let (old, new) = (
        ask::<before::User>("Ann is 1"),
        ask::<after::User>("Ann is 1"),
    );
    let shown = difference("doc-comment", old, new).await;
    let expected = "  format.properties.name.description:
    - The full name.
    + The first name alone.
  messages[0].content, line 3:
    -   \"name\": string, // The full name.
    +   \"name\": string, // The first name alone.
";
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_changed_option_and_model_show_their_values() {
    let old = ask::<String>("Say hello").temperature(0.5);
    let new = ask::<String>("Say hello")
        .temperature(0.7)
        .model("ollama:other");
    let shown = difference("option", old, new).await;
    let expected = "  model:
    - test
    + other
  options.temperature:
    - 0.5
    + 0.7
";
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_recording_that_was_not_played_is_nearer_than_one_that_was() {
    let folder = Folder::new("not-played");
    folder.write(&[
        ("Translate: cat", "Katze"),
        ("Translate the story", "Es war"),
    ]);
    let asked = async {
        ask::<String>("Translate: cat").await.unwrap();
        drop(ask::<String>("Translate: cats").await);
    };
    let message = failure(folder.replay(), asked).await;
    assert!(
        message.contains("the nearest one, `exchanges[1]`, differs"),
        "{message}"
    );
    // The request that it was played to is made again.
    let twice = async {
        ask::<String>("Translate: cat").await.unwrap();
        drop(ask::<String>("Translate: cat").await);
    };
    let message = failure(folder.replay(), twice).await;
    assert!(
        message.contains("`exchanges[0]` was played already"),
        "{message}"
    );
}

#[tokio::test]
async fn a_dropped_tool_shows_its_definition() {
    #[derive(Deserialize, schemars::JsonSchema)]
    struct Number {
        n: i64,
    }
    let double = Tool::new("double", "Doubles a number.", |Number { n }: Number| n * 2);
    let old = ask::<String>("Double 21").tool(double);
    let folder = Folder::new("tool");
    let answer = answer_of("42").to_string();
    let server = MiniServer::start([(200, "application/json", answer)]);
    drop(folder.record().run(old.host(server.host())).await);
    let new = ask::<String>("Double 21");
    let message = failure(folder.replay(), async { drop(new.await) }).await;
    let expected = "  tools:\n    - [{\"type\":\"function\",\"function\":{\"name\":\"double\",";
    assert!(message.contains(expected), "{message}");
    assert!(message.contains("    + (nothing)\n"), "{message}");
}
