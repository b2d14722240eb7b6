//! Minimal program with Alloy: extracts a user from a sentence.

use alloy_runtime::command;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "printed by Debug")]
struct User {
    name: String,
    age: u8,
}

#[command(model = "ollama:llama3.1")]
async fn extract(text: &str) -> User;

#[tokio::main]
async fn main() -> alloy_runtime::Result<()> {
    println!("{:?}", extract("Jason is 25 years old").await?);
    Ok(())
}
