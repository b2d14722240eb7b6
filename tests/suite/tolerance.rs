//! Answers that deviate from the schema: which are accepted, with which repairs, and which are rejected.

mod alternatives;
mod finding;
mod fitting;
mod limits;
mod schema;

use std::fmt::Debug;

use alloy_runtime::{ErrorKind, Output, command};
use alloy_tests::server::{Reply, Said, Server};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::ROUTES;

#[command("Answer", model = "m")]
async fn answer<T: Output>() -> T;

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct User {
    name: String,
    age: u8,
}

fn user() -> User {
    User {
        name: "Jason".into(),
        age: 25,
    }
}

/// Checks on both routes that an answer is read as `value` with exactly these repairs.
async fn reads<T: Output + PartialEq + Debug>(said: Said, value: T, repairs: &[&str]) {
    for api in ROUTES {
        let server = Server::start([Reply::said(&said)]);
        let command = answer::<T>().api(api).host(server.host());
        let outcome = command.outcome().await.unwrap();
        assert_eq!(outcome.value, value, "{said:?}");
        let done: Vec<_> = outcome.repairs.iter().map(ToString::to_string).collect();
        assert_eq!(done, repairs, "{said:?}");
    }
}

async fn rejects<T: Output + Debug>(text: &str, problem: &str) {
    let server = Server::start([Reply::answer(text)]);
    let command = answer::<T>().auto_finalize_missing_output(false);
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOutput, "{text}: {error}");
    let shown = error.to_string();
    let (_, shown) = shown.split_once("`: ").unwrap();
    assert_eq!(shown, problem, "{text}");
    assert_eq!(error.partial_text(), Some(text));
}

const USER: &str = r#"{"name":"Jason","age":25}"#;
const AROUND: &str = "the text around the JSON was left out";
