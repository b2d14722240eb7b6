//! Triage: a command that reads a letter and delegates to other commands, each an expert with its own prompt and, if
//! you like, its own model.
//!
//! ```text
//! ALLOY_MODEL=ollama:llama3.1 cargo run --example triage
//! ALLOY_MODEL=ollama:llama3.1 cargo run --example triage -- "The lamp does not switch on."
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use alloy_runtime::{Abort, Result, command, tool};

#[derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
struct Refund {
    /// Why the customer wants money back, in a few words.
    reason: String,
    amount: f64,
}

/// Work out a refund from a letter about money.
#[tool]
#[command(temperature = 0.0, system = "You are an accountant.")]
async fn refund(
    /// The customer's own words.
    letter: &str,
) -> Refund;

/// Answer a technical question.
#[tool]
#[command(
    temperature = 0.0,
    system = "You are a technician. Answer in one sentence."
)]
async fn technical_help(
    /// The customer's question.
    question: &str,
) -> String;

/// Hand the letter to a person, where the customer is angry or speaks of a lawyer.
#[tool]
fn hand_over(reason: &str) -> Result<(), Abort> {
    // Ends the command with an error instead of an answer.
    Err(Abort::new(format!("a person has to read this: {reason}")))
}

/// Answer this letter. Let the tool for its subject do the work, and use what it says.
#[command(temperature = 0.0, tools(refund, technical_help, hand_over))]
async fn triage(letter: &str) -> String;

#[tokio::main]
async fn main() -> Result<()> {
    alloy_examples::use_small_model_by_default();
    let letter = std::env::args().nth(1);
    let letter = letter.unwrap_or_else(|| {
        "You charged me twice for the lamp, 19.90 each time. I want one of them back.".to_owned()
    });
    let outcome = triage(&letter).outcome().await?;
    for call in &outcome.tool_results {
        println!("{} -> {}", call.name, call.content);
    }
    println!("{}", outcome.value);
    Ok(())
}
