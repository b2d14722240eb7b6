//! Two commands in a row: the second one writes about the data that the first one extracted.
//!
//! ```text
//! cargo run --example enrich
//! cargo run --example enrich -- "Ada Lovelace is 36 years old"
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use alloy_runtime::{Json, Result, command};

#[derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

/// Extract the user described in the text.
#[command(temperature = 0.0)]
async fn extract(text: &str) -> User;

#[command("Write a short bio of this user: {user}")]
async fn bio(user: Json<&User>) -> String;

/// Commands compose like any other async functions.
async fn introduce(text: &str) -> Result<(User, String)> {
    let user = extract(text).await?;
    let bio = bio(Json(&user)).await?;
    Ok((user, bio))
}

#[tokio::main]
async fn main() -> Result<()> {
    alloy_examples::use_small_model_by_default();
    let text = std::env::args().nth(1);
    let text = text.as_deref().unwrap_or("Jason is 25 years old");
    let (user, bio) = introduce(text).await?;
    println!("{}, {}: {}", user.name, user.age, bio.trim());
    Ok(())
}
