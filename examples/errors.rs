//! Error handling: one branch for each kind of error that a program can handle.
//!
//! ```text
//! ALLOY_MODEL=ollama:llama3.1 cargo run --example errors
//! ALLOY_MODEL=ollama:no-such-model cargo run --example errors
//! OLLAMA_HOST=127.0.0.1:1 ALLOY_MODEL=ollama:llama3.1 cargo run --example errors
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the example prints its output"
)]

use std::process::ExitCode;
use std::time::Duration;

use alloy_runtime::{Error, ErrorKind, command};

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "printed by Debug")]
struct User {
    name: String,
    #[schemars(range(max = 120))]
    age: u8,
}

/// Extract the user described in the text.
#[command(temperature = 0.0, max_tokens = 200, retry = 2)]
async fn extract(text: &str) -> User;

#[tokio::main]
async fn main() -> ExitCode {
    alloy_examples::use_small_model_by_default();
    let command = extract("Jason is 25 years old").timeout(Duration::from_mins(5));
    match command.await {
        Ok(user) => {
            println!("{user:?}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            explain(&error);
            ExitCode::FAILURE
        }
    }
}

fn explain(error: &Error) {
    match error.kind() {
        ErrorKind::Unreachable | ErrorKind::WrongServer => {
            let address = error.address().unwrap_or("its address");
            eprintln!("no Ollama server answers at {address}");
        }
        ErrorKind::ModelNotFound => {
            eprintln!("model {} is not installed", error.model().unwrap_or("?"));
        }
        ErrorKind::TimedOut | ErrorKind::Overloaded => eprintln!("the call took too long: {error}"),
        ErrorKind::Truncated | ErrorKind::Interrupted => {
            let text = error.partial_text().unwrap_or_default();
            eprintln!("the answer is incomplete: {text}");
        }
        ErrorKind::InvalidOutput | ErrorKind::Empty => {
            eprintln!("no user after {} answers: {error}", error.attempts());
        }
        _ => eprintln!("{error}"),
    }
    eprintln!("help: {}", error.help());
}
