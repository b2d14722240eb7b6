//! Minimal program with ollama-rs: extracts a user from a sentence.

use ollama_rs::Ollama;
use ollama_rs::generation::chat::{ChatMessage, request::ChatMessageRequest};
use ollama_rs::generation::parameters::{FormatType, JsonStructure};

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "printed by Debug")]
struct User {
    name: String,
    age: u8,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let prompt = ChatMessage::user("Extract the user: Jason is 25 years old".to_owned());
    let format = FormatType::StructuredJson(Box::new(JsonStructure::new::<User>()));
    let request = ChatMessageRequest::new("llama3.1".to_owned(), vec![prompt]).format(format);
    let reply = Ollama::default().send_chat_messages(request).await?;
    println!(
        "{:?}",
        serde_json::from_str::<User>(&reply.message.content)?
    );
    Ok(())
}
