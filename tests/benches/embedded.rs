//! Measures the embedded engine: loading a file, reading a prompt, generating a token, enforcing a schema during
//! generation, and answering a second command with the same prefix.
//!
//! ```text
//! cargo bench --bench embedded
//! cargo bench --bench embedded -- gguf:path/to/another.gguf
//! ALLOY_TEST_OLLAMA=127.0.0.1:11434 ALLOY_TEST_MODEL=alloy-tiny cargo bench --bench embedded
//! ```
//!
//! The last command also measures a real Ollama with the same file (the model card in `examples/models` says how to
//! create the model there) and prints the ratio of the speeds. Goal: at least 0.7 of Ollama's generation speed, with
//! the same number of threads. Each figure is the median of several commands, from the
//! [`Timings`](alloy_runtime::Timings) that the engine and the server report.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a benchmark prints its results and reads its environment"
)]

use std::time::{Duration, Instant};

use alloy_runtime::{Command, Outcome, Output, command};

/// Number of commands for each figure.
const ROUNDS: usize = 9;

const SMALL_MODEL: &str = concat!(
    "gguf:",
    env!("CARGO_MANIFEST_DIR"),
    "/../examples/models/alloy-tiny-q8_0.gguf"
);

#[command("{prompt}", temperature = 0.0)]
async fn ask<T: Output>(prompt: &str) -> T;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "only asked for")]
struct User {
    name: String,
    age: u8,
    addresses: Vec<Address>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "only asked for")]
struct Address {
    street: String,
    city: String,
    country: String,
}

const STORY: &str = "Tell me a short story about the moon.";
const USER: &str = "Extract: Jason is 35 years old.\nHe lives at 123 Main St, New York, USA and has a summer house at 456 Beach Rd, Miami, USA.";

/// Returns a prompt of about 1,500 tokens with a unique beginning.
fn long(round: usize) -> String {
    format!(
        "{round}: {}",
        "Jason is 25 years old and lives in New York. ".repeat(70)
    )
}

/// A model to measure, in this process or on a server.
struct Target {
    model: String,
    host: Option<String>,
}

impl Target {
    async fn ask<T: Output>(
        &self,
        prompt: &str,
        change: impl Fn(Command<T>) -> Command<T>,
    ) -> Measured {
        let mut command = ask::<T>(prompt)
            .model(&self.model)
            .auto_finalize_missing_output(false);
        if let Some(host) = &self.host {
            command = command.host(host);
        }
        let began = Instant::now();
        let outcome = change(command).outcome().await;
        Measured::from_outcome(outcome, began.elapsed())
    }

    /// Returns the median of a figure over several commands. `prompt` takes the number of the command.
    async fn median<T: Output>(
        &self,
        prompt: impl Fn(usize) -> String,
        change: impl Fn(Command<T>) -> Command<T>,
        figure: impl Fn(&Measured) -> f64,
    ) -> f64 {
        let mut figures = Vec::new();
        for round in 0..ROUNDS {
            figures.push(figure(&self.ask(&prompt(round), &change).await));
        }
        figures.sort_by(f64::total_cmp);
        figures[ROUNDS / 2]
    }
}

/// Durations and token counts of one command.
#[derive(Debug, Default)]
struct Measured {
    took: Duration,
    load: Duration,
    prompt: Duration,
    generation: Duration,
    prompt_tokens: u64,
    cached_tokens: u64,
    tokens: u64,
}

impl Measured {
    /// Reads the figures of an outcome.
    fn from_outcome<T>(outcome: Result<Outcome<T>, alloy_runtime::Error>, took: Duration) -> Self {
        let outcome = outcome.expect("the command failed");
        Self {
            took,
            load: outcome.timings.load.unwrap_or_default(),
            prompt: outcome.timings.prompt.unwrap_or_default(),
            generation: outcome.timings.generation.unwrap_or_default(),
            prompt_tokens: outcome.usage.prompt_tokens.unwrap_or_default(),
            cached_tokens: outcome.usage.cached_tokens.unwrap_or_default(),
            tokens: outcome.usage.completion_tokens.unwrap_or_default(),
        }
    }

    fn prompt_speed(&self) -> f64 {
        (self.prompt_tokens - self.cached_tokens) as f64 / self.prompt.as_secs_f64()
    }

    fn speed(&self) -> f64 {
        self.tokens as f64 / self.generation.as_secs_f64()
    }
}

fn row(name: &str, figure: f64, unit: &str) {
    println!("{name:<44}{figure:>10.1} {unit}");
}

fn same<T>(command: Command<T>) -> Command<T> {
    command
}

/// Prints and returns the prompt speed and the generation speed, in tokens per second.
async fn speeds(who: &str, asked: &Target) -> (f64, f64) {
    let one = |command: Command<()>| command.max_tokens(1);
    let prompt = asked.median(long, one, Measured::prompt_speed).await;
    let written = asked
        .median(|_| STORY.to_owned(), same::<()>, Measured::speed)
        .await;
    row(&format!("{who}: prompt"), prompt, "tokens/s");
    row(&format!("{who}: generation"), written, "tokens/s");
    (prompt, written)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let model = std::env::args()
        .skip(1)
        .find(|argument| argument.starts_with("gguf:"));
    let engine = Target {
        model: model.unwrap_or_else(|| SMALL_MODEL.to_owned()),
        host: None,
    };
    let first = engine.ask(STORY, same::<()>).await;
    row("load", first.load.as_secs_f64() * 1e3, "ms");
    let (_, written) = speeds("engine", &engine).await;

    // One answer with and one without an enforced schema.
    let typed = engine.ask(USER, same::<User>).await;
    let instructions = ask::<User>(USER)
        .model(&engine.model)
        .preview()
        .unwrap()
        .messages[0]
        .content
        .clone();
    let with_instructions = |command: Command<()>| command.system(instructions.as_str());
    let untyped = engine.ask(USER, with_instructions).await;
    let a_token = |measured: &Measured| 1e6 / measured.speed();
    let schema = engine
        .median(|_| USER.to_owned(), same::<User>, a_token)
        .await;
    let none = engine
        .median(|_| USER.to_owned(), with_instructions, a_token)
        .await;
    row(
        "a schema, its first answer",
        (typed.took.as_secs_f64() - untyped.took.as_secs_f64()) * 1e3,
        "ms",
    );
    row("a schema, each token", schema - none, "µs");
    row("a typed answer of its", typed.tokens as f64, "tokens");
    let took = |measured: &Measured| measured.took.as_secs_f64() * 1e3;
    row(
        "takes",
        engine.median(|_| USER.to_owned(), same::<User>, took).await,
        "ms",
    );

    // A second command with the same prefix.
    let long_typed = |round| format!("{}\n{round}", long(0));
    let fresh = engine.median(long, same::<()>, took).await;
    let again = engine.median(long_typed, same::<()>, took).await;
    row("1,500 tokens that are new", fresh, "ms");
    row("the same with another end", again, "ms");

    let variable =
        |name: &str| std::env::vars().find_map(|(known, value)| (known == name).then_some(value));
    if let Some((host, model)) = variable("ALLOY_TEST_OLLAMA").zip(variable("ALLOY_TEST_MODEL")) {
        let server = Target {
            model: format!("ollama:{model}"),
            host: Some(host),
        };
        let (_, theirs) = speeds("Ollama", &server).await;
        println!(
            "{:<44}{:>10.2}",
            "generation, of Ollama's",
            written / theirs
        );
    }
}
