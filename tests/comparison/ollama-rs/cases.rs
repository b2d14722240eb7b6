//! Benchmark cases with ollama-rs, which supports only Ollama's native protocol.

use futures::StreamExt as _;
use measure::{CHUNK, CHUNKS, DIVISION, QUESTION, TEXT, Task, cannot};
use ollama_rs::Ollama;
use ollama_rs::coordinator::Coordinator;
use ollama_rs::generation::chat::{ChatMessage, request::ChatMessageRequest};
use ollama_rs::generation::parameters::{FormatType, JsonStructure};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

/// Divides a by b.
///
/// * a - The dividend.
/// * b - The divisor.
#[ollama_rs::function]
async fn divide(a: i64, b: i64) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    Ok((a / b).to_string())
}

fn request(prompt: &str) -> ChatMessageRequest {
    ChatMessageRequest::new(
        "llama3.1".to_owned(),
        vec![ChatMessage::user(prompt.to_owned())],
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let task = Task::given();
    let ollama = Ollama::try_new(format!("http://{}", task.host)).unwrap();
    match task.case.as_str() {
        "text" => {
            let call = async || {
                let reply = ollama.send_chat_messages(request(QUESTION)).await.unwrap();
                assert!(reply.message.content.starts_with("Jupiter"));
            };
            task.measure(call).await;
        }
        "typed" => {
            // The schema is created once; each request owns a copy.
            let format = FormatType::StructuredJson(Box::new(JsonStructure::new::<User>()));
            let call = async || {
                let request = request(TEXT).format(format.clone());
                let reply = ollama.send_chat_messages(request).await.unwrap();
                let user: User = serde_json::from_str(&reply.message.content).unwrap();
                assert_eq!((user.name.as_str(), user.age), ("Jason", 25));
            };
            task.measure(call).await;
        }
        "stream" => {
            let call = async || {
                let request = request(QUESTION);
                let mut stream = ollama.send_chat_messages_stream(request).await.unwrap();
                let mut bytes = 0;
                while let Some(reply) = stream.next().await {
                    bytes += reply.unwrap().message.content.len();
                }
                assert_eq!(bytes, CHUNKS * CHUNK.len());
            };
            task.measure(call).await;
        }
        "sync tool" => cannot("its tools are async functions"),
        _ => {
            let call = async || {
                // A new coordinator for each call: it keeps the conversation (src/coordinator.rs, `history`), which would grow.
                let history: Vec<ChatMessage> = Vec::new();
                let mut coordinator =
                    Coordinator::new(ollama.clone(), "llama3.1".to_owned(), history)
                        .add_tool(divide);
                let prompt = ChatMessage::user(DIVISION.to_owned());
                let reply = coordinator.chat(vec![prompt]).await.unwrap();
                assert!(reply.message.content.contains("42"));
            };
            task.measure(call).await;
        }
    }
}
