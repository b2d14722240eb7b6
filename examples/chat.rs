//! Conversation: each input line is a message, the answer appears as the model writes it, and the model knows the
//! previous messages. Ctrl-D ends it.
//!
//! ```text
//! cargo run --example chat
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the example prints its output"
)]

use std::error::Error;
use std::io::Write as _;

use alloy_runtime::ask;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    alloy_examples::use_small_model_by_default();
    let mut history = Vec::new();
    loop {
        print!("> ");
        std::io::stdout().flush()?;
        let mut line = String::new();
        // Standard input is locked for this line only: a tool that asks a person reads it while the answer is awaited.
        if std::io::stdin().read_line(&mut line)? == 0 {
            println!();
            return Ok(());
        }
        let mut stream = ask(line.trim_end())
            .system("You are a friendly companion. Answer in one or two sentences.")
            .history(history.clone())
            .stream();
        while let Some(piece) = stream.next().await {
            match piece {
                Ok(text) => print!("{text}"),
                // The conversation continues without this message.
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
