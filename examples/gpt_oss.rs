//! Shows which of Ollama's two protocols a command uses, and why: models named gpt-oss use the OpenAI-compatible one.
//!
//! ```text
//! ALLOY_MODEL=ollama:gpt-oss:20b cargo run --example gpt_oss
//! cargo run --example gpt_oss
//! ALLOY_EXTRA_JSON='{"ollama_api": "native"}' ALLOY_MODEL=ollama:gpt-oss:20b cargo run --example gpt_oss
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use alloy_runtime::command;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "printed by Debug")]
struct User {
    name: String,
    age: u8,
}

/// Extract the user described in the text.
#[command(temperature = 0.0, options(num_ctx = 8192))]
async fn extract(text: &str) -> User;

#[tokio::main]
async fn main() -> alloy_runtime::Result<()> {
    alloy_examples::use_small_model_by_default();
    let outcome = extract("Jason is 25 years old").outcome().await?;
    println!("{:?}", outcome.value);
    println!("{} by {}", outcome.model, outcome.route);
    if let Some(thinking) = &outcome.thinking {
        println!("it thought: {thinking}");
    }
    for warning in &outcome.warnings {
        println!("warning: {warning}");
    }
    Ok(())
}
