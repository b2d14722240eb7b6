//! Minimal program with rig: extracts a user from a sentence.

use rig::prelude::*;
use rig::providers::ollama::Ollama;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "printed by Debug")]
struct User {
    name: String,
    age: u8,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let agent = AgentBuilder::new(Ollama::new().native_completion("llama3.1")).build();
    let prompt = "Extract the user: Jason is 25 years old";
    println!("{:?}", agent.prompt_typed::<User>(prompt).await?.output);
    Ok(())
}
