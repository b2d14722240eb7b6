//! rustc reports its warnings once, at the user's code.

#![warn(unused, missing_docs, clippy::pedantic)]

use alloy_runtime::command;

/// An unused parameter.
#[command("Say hello")]
pub async fn unused_parameter(name: &str) -> String;

#[command("Say hello")]
async fn never_called() -> String;

#[deprecated]
#[command("Say hello")]
async fn old() -> String;

#[command("Say hello")]
pub async fn undocumented() -> String;

/// Uses them.
pub fn caller() {
    drop(old());
    unused_parameter("Ann");
}

fn main() {}
