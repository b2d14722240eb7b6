//! Extracts a user from a sentence: the smallest typed command.
//!
//! ```text
//! cargo run --example extract
//! cargo run --example extract -- "Ada Lovelace is 36 years old"
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

#[tokio::main]
async fn main() -> alloy_runtime::Result<()> {
    alloy_examples::use_small_model_by_default();
    let text = std::env::args().nth(1);
    let text = text.as_deref().unwrap_or("Jason is 25 years old");
    let user = extract(text).await?;
    println!("{user:?}");
    Ok(())
}
