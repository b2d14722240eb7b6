//! A conversation: each line is a message, the answer is typed out as it comes, and the model knows what was
//! said before. Ends with Ctrl-D.
//!
//! ```text
//! cargo run --example chat
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to its user"
)]

use std::error::Error;
use std::io::{BufRead as _, Write as _};

use alloy_runtime::ask;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    alloy_examples::use_small_model_by_default();
    let mut history = Vec::new();
    let mut lines = std::io::stdin().lock().lines();
    loop {
        print!("> ");
        std::io::stdout().flush()?;
        let Some(line) = lines.next() else {
            println!();
            return Ok(());
        };
        let mut stream = ask(line?)
            .system("You are a friendly companion. Answer in one or two sentences.")
            .history(history.clone())
            .stream();
        while let Some(piece) = stream.next().await {
            match piece {
                Ok(text) => print!("{text}"),
                // The conversation goes on without this message.
                Err(error) => eprint!("\n{error}\n{}", error.help()),
            }
            std::io::stdout().flush()?;
        }
        println!();
        if let Some(summary) = stream.into_summary() {
            history = summary.messages;
        }
    }
}
