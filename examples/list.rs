//! Extracts several users from one text: a command that returns a list.
//!
//! ```text
//! cargo run --example list
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use alloy_runtime::command;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

#[command("Extract the users: {text}", temperature = 0.0)]
async fn extract_users(text: &str) -> Vec<User>;

#[tokio::main]
async fn main() -> alloy_runtime::Result<()> {
    alloy_examples::use_small_model_by_default();
    let users = extract_users("Jason is 25, Sarah is 30 and Tom is 41.").await?;
    for User { name, age } in users {
        println!("{name} is {age}");
    }
    Ok(())
}
