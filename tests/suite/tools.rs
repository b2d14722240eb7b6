//! Tools: what the model is told of them, what is done with its calls, and what it reads then.

mod calls;
mod contracts;
mod definitions;
mod kinds;
mod limits;
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

/// The messages of a request.
fn messages(request: &Request) -> Vec<Value> {
    let json = request.json();
    json["messages"].as_array().unwrap().clone()
}

/// What the tools sent back in the last request, in its order.
fn told(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let messages = messages(requests.last().unwrap());
    let answers = messages.iter().filter(|said| said["role"] == "tool");
    answers
        .map(|said| said["content"].as_str().unwrap().to_owned())
        .collect()
}

/// The parameters of the first tool of a request's body.
fn parameters(body: &str) -> Value {
    let body: Value = serde_json::from_str(body).unwrap();
    body["tools"][0]["function"]["parameters"].clone()
}

fn arguments(a: i64, b: i64) -> Value {
    json!({"a": a, "b": b})
}
