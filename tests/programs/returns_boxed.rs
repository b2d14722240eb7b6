//! Prints an error returned from `main() -> Result<(), Box<dyn Error>>`.

#![allow(clippy::print_stdout, reason = "the program prints its results")]

use alloy_runtime::command;

#[command("Say hello")]
async fn hello() -> String;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{}", hello().await?);
    Ok(())
}
