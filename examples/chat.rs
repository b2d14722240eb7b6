//! A conversation: each line is a message, and the model knows the ones before it. Ends with Ctrl-D.
//!
//! ```text
//! ALLOY_MODEL=ollama:llama3.1 cargo run --example chat
//! ```

#![allow(clippy::print_stdout, reason = "a program talks to its user")]

use std::io::{BufRead as _, Write as _};

use alloy_runtime::ask;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut history = Vec::new();
    let mut lines = std::io::stdin().lock().lines();
    loop {
        print!("> ");
        std::io::stdout().flush()?;
        let Some(line) = lines.next() else {
            println!();
            return Ok(());
        };
        let outcome = ask(line?)
            .system("You are a friendly companion. Answer in one or two sentences.")
            .history(history)
            .outcome()
            .await?;
        println!("{}", outcome.value.trim());
        history = outcome.messages;
    }
}
