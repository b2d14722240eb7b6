//! Prints an error returned from `main() -> alloy_runtime::Result<()>`.

#![allow(clippy::print_stdout, reason = "the program prints its results")]

use alloy_runtime::command;

#[command("Say hello")]
async fn hello() -> String;

#[tokio::main(flavor = "current_thread")]
async fn main() -> alloy_runtime::Result<()> {
    println!("{}", hello().await?);
    Ok(())
}
