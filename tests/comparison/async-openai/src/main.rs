//! Minimal program with async-openai: extracts a user from a sentence.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, CreateChatCompletionRequestArgs, ResponseFormat,
    ResponseFormatJsonSchema,
};

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "printed by Debug")]
struct User {
    name: String,
    age: u8,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = OpenAIConfig::new()
        .with_api_base("http://127.0.0.1:11434/v1")
        .with_api_key("ollama");
    let prompt = ChatCompletionRequestUserMessage::from("Extract the user: Jason is 25 years old");
    let request = CreateChatCompletionRequestArgs::default()
        .model("llama3.1")
        .messages([prompt.into()])
        .response_format(ResponseFormat::JsonSchema {
            json_schema: ResponseFormatJsonSchema {
                name: "User".to_owned(),
                description: None,
                schema: schemars::schema_for!(User).to_value(),
                strict: Some(true),
            },
        })
        .build()?;
    let reply = Client::with_config(config).chat().create(request).await?;
    let text = reply.choices[0].message.content.as_deref();
    println!(
        "{:?}",
        serde_json::from_str::<User>(text.unwrap_or_default())?
    );
    Ok(())
}
