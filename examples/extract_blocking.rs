//! Extracts a user from a sentence without an async runtime, with the feature `blocking`.
//!
//! ```text
//! cargo run --example extract_blocking
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use alloy_runtime::command;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "printed by Debug")]
struct User {
    name: String,
    age: u8,
}

/// Extract the user described in the text.
#[command(temperature = 0.0)]
async fn extract(text: &str) -> User;

fn main() -> alloy_runtime::Result<()> {
    alloy_examples::use_small_model_by_default();
    let user = extract("Jason is 25 years old").blocking()?;
    println!("{user:?}");
    Ok(())
}
