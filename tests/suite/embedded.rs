//! The embedded engine with the small model of this repository.

mod answers;
mod files;
mod tools;
mod turns;
mod types;

use alloy_runtime::{Output, command};

/// Model setting of the small model.
pub(crate) const MODEL: &str = concat!(
    "gguf:",
    env!("CARGO_MANIFEST_DIR"),
    "/../examples/models/alloy-tiny-q8_0.gguf"
);

#[command("{prompt}", temperature = 0.0)]
async fn ask<T: Output>(prompt: &str) -> T;

/// Extract the user described in the text.
#[command(temperature = 0.0)]
async fn extract(text: &str) -> User;

#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

fn jason() -> User {
    User {
        name: "Jason".to_owned(),
        age: 25,
    }
}
