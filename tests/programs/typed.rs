//! Runs a typed command and prints its value, the number of attempts and the warnings.

#![allow(clippy::print_stdout, reason = "the program prints its results")]

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
