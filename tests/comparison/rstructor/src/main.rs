//! Minimal program with rstructor: extracts a user from a sentence.

use rstructor::{Instructor, LLMClient, OpenAIClient};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, Instructor, Serialize)]
struct User {
    name: String,
    age: u8,
}

#[tokio::main]
async fn main() -> rstructor::Result<()> {
    let client = OpenAIClient::ollama()?.model("llama3.1");
    let user: User = client
        .materialize("Extract the user: Jason is 25 years old")
        .await?;
    println!("{user:?}");
    Ok(())
}
