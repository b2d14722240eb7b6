//! Benchmark cases with async-openai, which supports only Chat Completions.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, CreateChatCompletionRequestArgs, ResponseFormat,
    ResponseFormatJsonSchema,
};
use futures::StreamExt as _;
use measure::{CHUNK, CHUNKS, QUESTION, TEXT, Task, cannot};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

fn request(prompt: &str) -> CreateChatCompletionRequestArgs {
    let prompt = ChatCompletionRequestUserMessage::from(prompt);
    let mut request = CreateChatCompletionRequestArgs::default();
    request.model("llama3.1").messages([prompt.into()]);
    request
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let task = Task::given();
    let config = OpenAIConfig::new()
        .with_api_base(format!("http://{}/v1", task.host))
        .with_api_key("ollama");
    let client = Client::with_config(config);
    match task.case.as_str() {
        "text" => {
            let call = async || {
                let request = request(QUESTION).build().unwrap();
                let reply = client.chat().create(request).await.unwrap();
                let text = reply.choices[0].message.content.as_deref();
                assert!(text.unwrap().starts_with("Jupiter"));
            };
            task.measure(call).await;
        }
        "typed" => {
            // The schema is created once; each request owns a copy.
            let format = ResponseFormat::JsonSchema {
                json_schema: ResponseFormatJsonSchema {
                    name: "User".to_owned(),
                    description: None,
                    schema: schemars::schema_for!(User).to_value(),
                    strict: Some(true),
                },
            };
            let call = async || {
                let request = request(TEXT).response_format(format.clone()).build();
                let reply = client.chat().create(request.unwrap()).await.unwrap();
                let text = reply.choices[0].message.content.as_deref();
                let user: User = serde_json::from_str(text.unwrap()).unwrap();
                assert_eq!((user.name.as_str(), user.age), ("Jason", 25));
            };
            task.measure(call).await;
        }
        "stream" => {
            let call = async || {
                let request = request(QUESTION).build().unwrap();
                let mut stream = client.chat().create_stream(request).await.unwrap();
                let mut bytes = 0;
                while let Some(reply) = stream.next().await {
                    for choice in reply.unwrap().choices {
                        bytes += choice.delta.content.unwrap_or_default().len();
                    }
                }
                assert_eq!(bytes, CHUNKS * CHUNK.len());
            };
            task.measure(call).await;
        }
        _ => cannot("it has no tool loop"),
    }
}
