//! Text streams: the chunks they yield, how they end, and when their connections close.

mod bounds;
mod endings;
mod forms;
mod leaving;
mod pieces;
mod sending;
mod time;

use std::time::Duration;

use alloy_runtime::{Api, Error, TextStream, command};
use alloy_tests::server::{Reply, Server};

const STORY: &str = "Once upon a time, ein Füchslein 🦊 ran.";

#[command("Tell a story", model = "ollama:llama3.1")]
async fn story() -> String;

/// Reads a stream to its end and returns its text and its error. Checks that nothing follows either.
async fn read(stream: &mut TextStream) -> (String, Option<Error>) {
    let mut text = String::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(piece) => {
                assert!(!piece.is_empty());
                text += &piece;
            }
            Err(error) => {
                assert!(
                    stream.next().await.is_none(),
                    "the stream continued after {error:?}"
                );
                assert!(stream.next().await.is_none());
                return (text, Some(error));
            }
        }
    }
    assert!(stream.next().await.is_none());
    (text, None)
}

/// Reads a stream that must end with an error.
async fn broken(mut stream: TextStream) -> (String, Error) {
    let (text, error) = read(&mut stream).await;
    (text, error.expect("an error at the end"))
}

/// Encodes chunks as lines of the native protocol, without the final line.
fn lines(pieces: &[&str]) -> String {
    let line = |piece: &&str| {
        let message = serde_json::json!({"role": "assistant", "content": piece});
        serde_json::json!({"message": message, "done": false}).to_string() + "\n"
    };
    pieces.iter().map(line).collect()
}

/// Encodes chunks as server-sent events, without the final event.
fn events(pieces: &[&str]) -> String {
    let event = |piece: &&str| {
        let choice = serde_json::json!({"index": 0, "delta": {"content": piece}});
        format!("data: {}\n\n", serde_json::json!({"choices": [choice]}))
    };
    pieces.iter().map(event).collect()
}

const DONE: &str = r#"{"message":{"content":""},"done":true,"done_reason":"stop"}"#;

/// Returns a streamed reply in the protocol of the route: the chunks of a text and what follows them.
fn body(api: Api, pieces: &[&str], native_end: &str, openai_chat_end: &str) -> Reply {
    match api {
        Api::Native => {
            let body = lines(pieces) + native_end;
            Reply::chunked(200, "application/x-ndjson", &[body])
        }
        _ => {
            let body = events(pieces) + openai_chat_end;
            Reply::chunked(200, "text/event-stream", &[body])
        }
    }
}

/// Waits until the server has seen `count` connections close.
async fn closed(server: &Server, count: usize) {
    let seen = async {
        while server.closed() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(10), seen).await;
    seen.expect("the server sees the end of the connections");
}
