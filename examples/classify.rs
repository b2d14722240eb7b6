//! Classifies a support ticket into one of three queues: the command returns an enum, so that the program can `match`
//! on it.
//!
//! ```text
//! cargo run --example classify
//! cargo run --example classify -- "My invoice is wrong"
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use alloy_runtime::command;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Queue {
    Billing,
    Technical,
    Account,
}

/// Classify the ticket.
#[command(temperature = 0.0)]
async fn classify(ticket: &str) -> Queue;

#[tokio::main]
async fn main() -> alloy_runtime::Result<()> {
    alloy_examples::use_small_model_by_default();
    let ticket = std::env::args().nth(1);
    let ticket = ticket.as_deref().unwrap_or("I forgot my password");
    let answer = match classify(ticket).await? {
        Queue::Billing => "accounting writes back within a day",
        Queue::Technical => "an engineer looks into it now",
        Queue::Account => "here is the link to a new password",
    };
    println!("{ticket}: {answer}");
    Ok(())
}
