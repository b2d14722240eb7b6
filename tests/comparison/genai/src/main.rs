//! Minimal program with genai: extracts a user from a sentence. It uses Chat Completions, because genai's adapter for
//! Ollama's native protocol drops the schema.

use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ChatRequest, JsonSpec};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ModelSpec, ServiceTarget};

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "printed by Debug")]
struct User {
    name: String,
    age: u8,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = ModelSpec::Target(ServiceTarget {
        endpoint: Endpoint::from_static("http://127.0.0.1:11434/v1/"),
        auth: AuthData::from_single("ollama"),
        model: ModelIden::from_static(AdapterKind::OpenAI, "llama3.1"),
    });
    let schema = schemars::schema_for!(User).to_value();
    let options = ChatOptions::default().with_response_format(JsonSpec::new("User", schema));
    let request = ChatRequest::from_user("Extract the user: Jason is 25 years old");
    let reply = Client::new()?
        .exec_chat(model, request, Some(&options))
        .await?;
    let text = reply.first_text().ok_or("no text")?;
    println!("{:?}", serde_json::from_str::<User>(text)?);
    Ok(())
}
