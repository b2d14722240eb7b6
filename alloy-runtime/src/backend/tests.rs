//! The seam: a backend that answers from memory is one file, [`memory`], and needs nothing of a real endpoint.

mod memory;

use std::net::TcpListener;
use std::sync::Arc;

use serde_json::{Value, json};

use self::memory::Memory;
use crate::config::Config;
use crate::message::ToolCall;
use crate::reply::{FinishReason, Reply};
use crate::request::{CommandDefinition, Request};
use crate::{Command, ErrorKind, Output, Tool};

/// A command that fails the test if it opens a connection: its host accepts none.
struct Refused {
    listener: TcpListener,
}

impl Refused {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { listener }
    }

    fn command<T: Output>(&self, memory: &Arc<Memory>) -> Command<T> {
        static DEFINITION: CommandDefinition = CommandDefinition::new("remember");
        let backend = super::custom("memory", Arc::clone(memory));
        let command = Command::new(Request::new(&DEFINITION, "What is it?".to_owned(), None));
        let host = self.listener.local_addr().unwrap().to_string();
        command
            .model("ollama:test")
            .host(host)
            .config(Config::new().backend(backend))
    }
}

impl Drop for Refused {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.listener.accept().is_err(), "a connection was opened");
        }
    }
}

fn text(text: &str) -> Reply {
    Reply {
        text: text.to_owned(),
        finish_reason: Some(FinishReason::Stop),
        ..Reply::default()
    }
}

#[tokio::test]
async fn a_text_comes_from_memory() {
    let memory = Memory::new([text("<think>Hm.</think>A fox.")]);
    let outcome = Refused::new()
        .command::<String>(&memory)
        .outcome()
        .await
        .unwrap();
    assert_eq!(outcome.value, "A fox.");
    assert_eq!(outcome.thinking.as_deref(), Some("Hm."));
    assert_eq!((outcome.attempts, outcome.requests), (1, 1));
    let [body] = memory.bodies().try_into().unwrap();
    assert_eq!(body["messages"][0]["content"], "What is it?");
}

#[tokio::test]
async fn a_typed_value_comes_from_memory_after_a_rejected_answer() {
    let memory = Memory::new([text("seven"), text("{\"value\": 7}")]);
    let outcome = Refused::new()
        .command::<u8>(&memory)
        .outcome()
        .await
        .unwrap();
    assert_eq!((outcome.value, outcome.attempts), (7, 2));
    let [first, second] = memory.bodies().try_into().unwrap();
    assert_eq!(first["format"], second["format"]);
    assert_eq!(second["messages"][2]["content"], "seven");
}

#[tokio::test]
async fn a_stream_comes_from_memory() {
    let memory = Memory::new([text("A red fox.")]);
    let mut stream = Refused::new().command::<String>(&memory).stream();
    let mut pieces = Vec::new();
    while let Some(piece) = stream.next().await {
        pieces.push(piece.unwrap());
    }
    assert_eq!(pieces, ["A ", "red ", "fox."]);
    assert_eq!(stream.into_summary().unwrap().text, "A red fox.");
    assert_eq!(memory.bodies()[0]["stream"], true);
}

#[tokio::test]
async fn a_tool_turn_comes_from_memory() {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Number {
        n: i64,
    }
    let call = ToolCall {
        id: None,
        name: "double".to_owned(),
        arguments: json!(21),
    };
    let calls = Reply {
        calls: vec![ToolCall {
            arguments: json!({"n": 21}),
            ..call
        }],
        ..text("")
    };
    let double = Tool::new("double", "Doubles a number.", |Number { n }: Number| n * 2);
    let memory = Memory::new([calls, text("It is 42.")]);
    let command = Refused::new().command::<String>(&memory).tool(double);
    assert_eq!(command.await.unwrap(), "It is 42.");
    let [first, second] = memory.bodies().try_into().unwrap();
    assert_eq!(first["tools"], second["tools"]);
    let messages = second["messages"].as_array().unwrap();
    assert_eq!(
        messages[2],
        json!({"role": "tool", "content": "42", "tool_name": "double"})
    );
}

#[tokio::test]
async fn an_error_comes_from_memory() {
    let memory = Memory::new([]);
    let error = Refused::new().command::<String>(&memory).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    // The connection may be lost: the request is sent again.
    assert_eq!((error.requests(), error.command()), (3, Some("remember")));
    let bodies: Vec<Value> = memory.bodies();
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}
