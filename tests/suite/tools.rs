//! Tools: their definitions in a request, the execution of calls, and the results sent back.

mod calls;
mod contracts;
mod definitions;
mod kinds;
mod limits;
mod text;
mod typed;

use alloy_runtime::tool;
use alloy_tests::server::{Request, Server};
use serde_json::{Value, json};

/// Adds two numbers.
#[tool]
fn add(
    /// The first of them.
    a: i64,
    b: i64,
) -> i64 {
    a + b
}

/// Returns the messages of a request.
fn messages(request: &Request) -> Vec<Value> {
    let json = request.json();
    json["messages"].as_array().unwrap().clone()
}

/// Returns the tool messages of the last request, in order.
fn tool_messages(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let messages = messages(requests.last().unwrap());
    let results = messages.iter().filter(|message| message["role"] == "tool");
    results
        .map(|message| message["content"].as_str().unwrap().to_owned())
        .collect()
}

/// Returns the parameters of the first tool in a request body.
fn parameters(body: &str) -> Value {
    let body: Value = serde_json::from_str(body).unwrap();
    body["tools"][0]["function"]["parameters"].clone()
}

fn arguments(a: i64, b: i64) -> Value {
    json!({"a": a, "b": b})
}
