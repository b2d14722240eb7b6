//! Minimal program with reqwest and `serde_json`, by hand: extracts a user from a sentence.

use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "printed by Debug")]
struct User {
    name: String,
    age: u8,
}

#[derive(Deserialize)]
struct Reply {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    content: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let body = json!({
        "model": "llama3.1",
        "messages": [{"role": "user", "content": "Extract the user: Jason is 25 years old"}],
        "stream": false,
        "format": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0, "maximum": 255}},
            "required": ["name", "age"],
        },
    });
    let request = reqwest::Client::new().post("http://127.0.0.1:11434/api/chat");
    let reply: Reply = request
        .json(&body)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    println!(
        "{:?}",
        serde_json::from_str::<User>(&reply.message.content)?
    );
    Ok(())
}
