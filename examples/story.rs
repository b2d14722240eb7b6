//! Prints a story as the model writes it. Ctrl-C stops the program and the model.
//!
//! ```text
//! cargo run --example story
//! cargo run --example story -- "a lighthouse keeper"
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the example prints its output"
)]

use std::error::Error;
use std::io::Write as _;
use std::pin::pin;

use alloy_runtime::command;

#[command("Tell a short story about {hero}.")]
async fn story(hero: &str) -> String;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    alloy_examples::use_small_model_by_default();
    let hero = std::env::args().nth(1);
    let mut stream = story(hero.as_deref().unwrap_or("a fox")).stream();
    let mut stop = pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            // `biased` polls in this order: Ctrl-C is handled before the request is sent.
            biased;
            stopped = &mut stop => {
                stopped?;
                // Dropping the stream closes the connection, and the server ends the generation.
                drop(stream);
                println!("\n(stopped)");
                return Ok(());
            }
            piece = stream.next() => match piece {
                Some(piece) => {
                    print!("{}", piece?);
                    std::io::stdout().flush()?;
                }
                None => break,
            },
        }
    }
    println!();
    if let Some(tokens) = stream
        .summary()
        .and_then(|summary| summary.usage.completion_tokens)
    {
        eprintln!("{tokens} tokens");
    }
    Ok(())
}
