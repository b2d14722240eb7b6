//! What a person sees from `main() -> Result<(), Box<dyn Error>>`.

#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use alloy_runtime::command;

#[command("Say hello")]
async fn hello() -> String;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", hello().await?);
    Ok(())
}
