//! Asks for a number and prints it, with how many answers it took and the warnings.

#![allow(clippy::print_stdout, reason = "a program talks to its caller")]

use alloy_runtime::command;

#[command("How old is Jason?")]
async fn age() -> u8;

#[tokio::main]
async fn main() -> alloy_runtime::Result<()> {
    let outcome = age().outcome().await?;
    println!("{} {}", outcome.value, outcome.attempts);
    for warning in outcome.warnings {
        println!("{warning}");
    }
    Ok(())
}
