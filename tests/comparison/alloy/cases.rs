//! Benchmark cases with Alloy.

use alloy_runtime::{Api, Config, Result, command, configure, tool};
use measure::{CHUNK, CHUNKS, DIVISION, Protocol, QUESTION, TEXT, Task};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

/// Divides a by b.
#[tool]
#[allow(
    clippy::unused_async,
    reason = "the benchmark measures the call, not the tool"
)]
async fn divide(a: i64, b: i64) -> i64 {
    a / b
}

#[command("{question}")]
async fn say(question: &str) -> String;

#[command("{text}")]
async fn extract(text: &str) -> User;

#[command("{question}", tools(divide))]
async fn calculate(question: &str) -> String;

/// Variant with a sync tool, which runs on another thread.
mod may_block {
    use alloy_runtime::{command, tool};

    /// Divides a by b.
    #[tool]
    fn divide(a: i64, b: i64) -> i64 {
        a / b
    }

    #[command("{question}", tools(divide))]
    pub(super) async fn calculate(question: &str) -> String;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let task = Task::given();
    let api = match task.protocol {
        Protocol::Native => Api::Native,
        Protocol::OpenAi => Api::OpenaiChat,
    };
    configure(Config::new().model("llama3.1").host(&task.host).api(api))?;
    match task.case.as_str() {
        "text" => {
            let call = async || assert!(say(QUESTION).await.unwrap().starts_with("Jupiter"));
            task.measure(call).await;
        }
        "typed" => {
            let call = async || {
                let user = extract(TEXT).await.unwrap();
                assert_eq!((user.name.as_str(), user.age), ("Jason", 25));
            };
            task.measure(call).await;
        }
        "stream" => {
            let call = async || {
                let mut stream = say(QUESTION).stream();
                let mut bytes = 0;
                while let Some(text) = stream.next().await {
                    bytes += text.unwrap().len();
                }
                assert_eq!(bytes, CHUNKS * CHUNK.len());
            };
            task.measure(call).await;
        }
        "sync tool" => {
            let call = async || {
                let answer = may_block::calculate(DIVISION).await.unwrap();
                assert!(answer.contains("42"));
            };
            task.measure(call).await;
        }
        _ => {
            let call = async || assert!(calculate(DIVISION).await.unwrap().contains("42"));
            task.measure(call).await;
        }
    }
    Ok(())
}
