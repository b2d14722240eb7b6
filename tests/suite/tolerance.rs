//! Answers that are not quite what was asked for: what is read, what was done to it, and what is refused.

mod finding;
mod fitting;
mod limits;

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

/// Reads an answer on both routes; each says the same.
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

async fn refuses<T: Output + Debug>(text: &str, problem: &str) {
    let server = Server::start([Reply::answer(text)]);
    let command = answer::<T>().auto_finalize_missing_output(false);
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOutput, "{text}: {error}");
    let told = error.to_string();
    let (_, told) = told.split_once("`: ").unwrap();
    assert_eq!(told, problem, "{text}");
    assert_eq!(error.partial_text(), Some(text));
}

const USER: &str = r#"{"name":"Jason","age":25}"#;
const AROUND: &str = "the text around the JSON was left out";
