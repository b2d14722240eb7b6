//! Benchmark cases with rstructor, which uses Chat Completions with Ollama (src/backend/openai.rs, `ollama`).

use futures::StreamExt as _;
use measure::{CHUNK, CHUNKS, DIVISION, QUESTION, TEXT, Task, cannot};
use rstructor::{FnTool, Instructor, LLMClient, OpenAIClient, RequestExt, Toolbox};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Deserialize, Instructor, Serialize)]
struct User {
    name: String,
    age: u8,
}

#[derive(Deserialize, Instructor, Serialize)]
struct Division {
    a: i64,
    b: i64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let task = Task::given();
    let client = OpenAIClient::ollama()
        .unwrap()
        .base_url(format!("http://{}/v1", task.host))
        .model("llama3.1");
    match task.case.as_str() {
        "text" => {
            let call = async || {
                assert!(
                    client
                        .generate(QUESTION)
                        .await
                        .unwrap()
                        .starts_with("Jupiter")
                );
            };
            task.measure(call).await;
        }
        "typed" => {
            let call = async || {
                let user: User = client.materialize(TEXT).await.unwrap();
                assert_eq!((user.name.as_str(), user.age), ("Jason", 25));
            };
            task.measure(call).await;
        }
        "stream" => {
            let call = async || {
                let mut stream = client.generate_stream(QUESTION);
                let mut bytes = 0;
                while let Some(text) = stream.next().await {
                    bytes += text.unwrap().len();
                }
                assert_eq!(bytes, CHUNKS * CHUNK.len());
            };
            task.measure(call).await;
        }
        "sync tool" => cannot("its tools are async functions"),
        _ => {
            let divide = |Division { a, b }| async move { Ok(json!(a / b)) };
            let tool = FnTool::new("divide", "Divides a by b.", divide);
            let toolbox = Toolbox::new().with(tool);
            let call = async || {
                let answer = client.with_tools(&toolbox).run(DIVISION).await.unwrap();
                assert!(answer.contains("42"));
            };
            task.measure(call).await;
        }
    }
}
