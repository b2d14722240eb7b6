//! Sets the same keys in three layers, and prints the effective values and their sources.
//!
//! ```text
//! ALLOY_MODEL=ollama:llama3.1 ALLOY_MAX_TOKENS=500 cargo run --example configure
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use std::time::Duration;

use alloy_runtime::{Config, command, configure, with_config};

#[command(
    "Name a fruit that begins with {letter}. Answer with one word.",
    temperature = 0.0
)]
async fn fruit(letter: char) -> String;

#[tokio::main]
async fn main() -> alloy_runtime::Result<()> {
    alloy_examples::use_small_model_by_default();
    // Applies to the whole program: weaker than the attribute, stronger than the environment.
    configure(
        Config::new()
            .timeout(Duration::from_mins(2))
            .option("num_ctx", 4096)
            .option("seed", 7),
    )?;

    // Applies to commands created inside this scope.
    let brief = Config::new().max_tokens(40).option("num_ctx", 2048);
    with_config(brief, async {
        // Applies to this call.
        let command = fruit('b').system("You are a greengrocer.");
        println!("{}\n", command.preview()?.settings);
        println!("{}", command.await?);
        Ok(())
    })
    .await
}
