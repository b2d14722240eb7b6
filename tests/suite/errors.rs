//! Every error that a command can return, caused through the real client: its kind, message and data.

// G9
mod answers;
mod cloud;
mod misuse;
mod protocol;
mod server;
mod time;
mod unreachable;
mod wrong_server;

use alloy_runtime::{Api, Error, ErrorKind, Output, command};
use alloy_tests::server::{NATIVE, OPENAI_CHAT, Reply, Server};
use expect_test::Expect;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "never read: the answers are invalid")]
struct User {
    name: String,
    age: u8,
}

#[command("Answer", model = "ollama:llama3.1")]
async fn answer<T: Output>() -> T;

/// Returns the error that a reply causes and checks that it is the same on both routes.
async fn error_of<T: Output + std::fmt::Debug>(reply: Reply) -> Error {
    let compatible = error_on::<T>(Api::OpenaiChat, reply.clone()).await;
    let native = error_on::<T>(Api::Native, reply).await;
    assert_eq!(shown(&compatible), shown(&native));
    native
}

async fn error_on<T: Output + std::fmt::Debug>(api: Api, reply: Reply) -> Error {
    // A request is sent at most three times.
    let server = Server::start([reply.clone(), reply.clone(), reply]);
    let command = answer::<T>().api(api).auto_finalize_missing_output(false);
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!(
        error.address(),
        Some(format!("http://{}", server.host()).as_str())
    );
    assert_eq!(error.model(), Some("llama3.1"));
    error
}

/// Formats an error as `main() -> Result` prints it, with placeholders for the address and the route's
/// path.
fn shown(error: &Error) -> String {
    let text = format!("{error:?}");
    let address = error.address().unwrap_or("no address");
    text.replace(address, "http://HOST")
        .replace(OPENAI_CHAT, NATIVE)
}

async fn check<T: Output + std::fmt::Debug>(
    reply: Reply,
    kind: ErrorKind,
    expected: Expect,
) -> Error {
    let error = error_of::<T>(reply).await;
    assert_eq!(error.kind(), kind, "{error:?}");
    expected.assert_eq(&shown(&error));
    error
}
