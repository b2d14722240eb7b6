//! Replies of servers that deviate from the protocol: what is not needed is read leniently, what changes the meaning of
//! an answer is never ignored, and what is unknown is an error or a warning.

mod ends;
mod errors;
mod fields;
mod framing;
mod thinking;

use alloy_runtime::{Api, Config, Error, Outcome, Output, command, with_config};
use alloy_tests::server::{Reply, Server};
use serde_json::{Value, json};

#[command("Answer", model = "m")]
async fn answer<T: Output>() -> T;

#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct Dog {
    name: String,
    legs: u8,
}

/// Wraps a message in a whole native reply.
fn native(message: &Value, reason: &str) -> Value {
    json!({"message": message, "done": true, "done_reason": reason})
}

/// Wraps a message in a whole reply of Chat Completions.
fn completion(message: &Value, reason: &str) -> Value {
    json!({"choices": [{"index": 0, "message": message, "finish_reason": reason}]})
}

/// Returns the events of a stream, each an object.
fn events(objects: &[Value]) -> String {
    let events = objects.iter().map(|object| format!("data: {object}\n\n"));
    events.collect()
}

/// Returns an event with a piece of text.
fn piece(text: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {"content": text}}]})
}

/// Returns the event with the finish reason.
fn last(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

/// Awaits a command that is answered with a reply, without asking again.
async fn outcome<T: Output>(api: Api, reply: Reply) -> Result<Outcome<T>, Error> {
    let server = Server::start([reply]);
    let command = answer::<T>().api(api).auto_finalize_missing_output(false);
    command.host(server.host()).outcome().await
}

/// Awaits a command of another server than Ollama.
async fn outcome_of_other<T: Output>(reply: Reply) -> Result<Outcome<T>, Error> {
    let server = Server::start([reply]);
    let config = Config::new().base_url(format!("http://{}/v1", server.host()));
    let command = answer::<T>().model("openai:m").outcome();
    with_config(config, command).await
}

/// Reads a stream to its end: its text, and its summary's warnings or its error.
async fn stream(api: Option<Api>, reply: Reply) -> (String, Result<Vec<String>, Error>) {
    let server = Server::start([reply]);
    let config = Config::new().base_url(format!("http://{}/v1", server.host()));
    with_config(config, async {
        let command = answer::<String>().host(server.host());
        let mut stream = match api {
            Some(api) => command.api(api).stream(),
            None => command.model("openai:m").stream(),
        };
        let mut text = String::new();
        while let Some(piece) = stream.next().await {
            match piece {
                Ok(piece) => text += &piece,
                Err(error) => return (text, Err(error)),
            }
        }
        let warnings = stream.summary().unwrap().warnings.iter();
        (text, Ok(warnings.map(ToString::to_string).collect()))
    })
    .await
}
