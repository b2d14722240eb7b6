//! Prints an error returned from `main() -> anyhow::Result<()>`.

#![allow(clippy::print_stdout, reason = "the program prints its results")]

use alloy_runtime::command;

#[command("Say hello")]
async fn hello() -> String;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    println!("{}", hello().await?);
    Ok(())
}
