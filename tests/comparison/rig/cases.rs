//! Benchmark cases with rig: an agent, built once, on both of its routes to Ollama.

use futures::StreamExt as _;
use measure::{CHUNK, CHUNKS, DIVISION, Protocol, QUESTION, TEXT, Task};
use rig::prelude::*;
use rig::providers::ollama::OllamaConfig;
use rig::streaming::{Item, StreamEvent};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

/// Divides a by b.
#[rig::rig_tool(params(a = "The dividend.", b = "The divisor."))]
fn divide(a: i64, b: i64) -> Result<i64, rig::tool::ToolExecutionError> {
    Ok(a / b)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let task = Task::given();
    let client = OllamaConfig::new()
        .with_base_url(format!("http://{}", task.host))
        .client();
    let builder = match task.protocol {
        Protocol::Native => AgentBuilder::new(client.native_completion("llama3.1")),
        Protocol::OpenAi => AgentBuilder::new(client.completion("llama3.1")),
    };
    match task.case.as_str() {
        "text" => {
            let agent = builder.build();
            let call = async || {
                let reply = agent.prompt(QUESTION).await.unwrap();
                assert!(reply.output().starts_with("Jupiter"));
            };
            task.measure(call).await;
        }
        // Structured output, which the server enforces. rig's `Extractor` requests a tool call instead.
        "typed" => {
            let agent = builder.build();
            let call = async || {
                let user = agent.prompt_typed::<User>(TEXT).await.unwrap().output;
                assert_eq!((user.name.as_str(), user.age), ("Jason", 25));
            };
            task.measure(call).await;
        }
        "stream" => {
            let agent = builder.build();
            let call = async || {
                let mut stream = agent.prompt(QUESTION).stream();
                let mut bytes = 0;
                while let Some(item) = stream.next().await {
                    if let MultiTurnStreamItem::StreamAssistantItem(Item::Event(
                        StreamEvent::Text { text, .. },
                    )) = item.unwrap()
                    {
                        bytes += text.len();
                    }
                }
                assert_eq!(bytes, CHUNKS * CHUNK.len());
            };
            task.measure(call).await;
        }
        // rig runs a tool in the task of the agent, async or not.
        _ => {
            let agent = builder.tool(Divide).build();
            let call = async || {
                let reply = agent.prompt(DIVISION).max_turns(3).await.unwrap();
                assert!(reply.output().contains("42"));
            };
            task.measure(call).await;
        }
    }
}
