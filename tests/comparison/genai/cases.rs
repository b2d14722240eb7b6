//! Benchmark cases with genai: its adapters for Ollama's native protocol and for Chat Completions.

use futures::StreamExt as _;
use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ChatRequest, ChatStreamEvent, JsonSpec, Tool, ToolResponse};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ModelSpec, ServiceTarget};
use measure::{CHUNK, CHUNKS, DIVISION, Protocol, QUESTION, TEXT, Task, cannot};
use serde_json::json;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Division {
    a: i64,
    b: i64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let task = Task::given();
    let (adapter, path) = match task.protocol {
        Protocol::Native => (AdapterKind::Ollama, ""),
        Protocol::OpenAi => (AdapterKind::OpenAI, "v1/"),
    };
    // A complete target, so that genai does not look anything up by the model's name.
    let model = ModelSpec::Target(ServiceTarget {
        endpoint: Endpoint::from_owned(format!("http://{}/{path}", task.host)),
        auth: AuthData::from_single("ollama"),
        model: ModelIden::from_static(adapter, "llama3.1"),
    });
    let client = Client::new().unwrap();
    match (task.case.as_str(), task.protocol) {
        ("text", _) => {
            let call = async || {
                let request = ChatRequest::from_user(QUESTION);
                let reply = client
                    .exec_chat(model.clone(), request, None)
                    .await
                    .unwrap();
                assert!(reply.first_text().unwrap().starts_with("Jupiter"));
            };
            task.measure(call).await;
        }
        // src/adapter/adapters/ollama/adapter_impl.rs, `to_web_request_data`: the adapter sends only the format `JsonMode`.
        ("typed", Protocol::Native) => cannot("its Ollama adapter drops the schema"),
        ("typed", Protocol::OpenAi) => {
            let schema = schemars::schema_for!(User).to_value();
            let options =
                ChatOptions::default().with_response_format(JsonSpec::new("User", schema));
            let call = async || {
                let request = ChatRequest::from_user(TEXT);
                let reply = client
                    .exec_chat(model.clone(), request, Some(&options))
                    .await;
                let reply = reply.unwrap();
                let user: User = serde_json::from_str(reply.first_text().unwrap()).unwrap();
                assert_eq!((user.name.as_str(), user.age), ("Jason", 25));
            };
            task.measure(call).await;
        }
        ("stream", _) => {
            let call = async || {
                let request = ChatRequest::from_user(QUESTION);
                let reply = client.exec_chat_stream(model.clone(), request, None).await;
                let mut stream = reply.unwrap().stream;
                let mut bytes = 0;
                while let Some(event) = stream.next().await {
                    if let ChatStreamEvent::Chunk(chunk) = event.unwrap() {
                        bytes += chunk.content.len();
                    }
                }
                assert_eq!(bytes, CHUNKS * CHUNK.len());
            };
            task.measure(call).await;
        }
        ("sync tool", _) => cannot("it has no tool loop"),
        // genai has no tool loop: the calls are answered by hand, as in its example c20-tooluse.rs.
        _ => {
            let tool = Tool::new("divide")
                .with_description("Divides a by b.")
                .with_schema(schemars::schema_for!(Division).to_value());
            let call = async || {
                let request = ChatRequest::from_user(DIVISION).append_tool(tool.clone());
                let reply = client.exec_chat(model.clone(), request.clone(), None).await;
                let calls = reply.unwrap().into_tool_calls();
                let results: Vec<ToolResponse> = calls
                    .iter()
                    .map(|call| {
                        let Division { a, b } =
                            serde_json::from_value(call.fn_arguments.clone()).unwrap();
                        ToolResponse::from_tool_call(call, json!(a / b).to_string())
                    })
                    .collect();
                let mut request = request.append_message(calls);
                for result in results {
                    request = request.append_message(result);
                }
                let reply = client
                    .exec_chat(model.clone(), request, None)
                    .await
                    .unwrap();
                assert!(reply.first_text().unwrap().contains("42"));
            };
            task.measure(call).await;
        }
    }
}
