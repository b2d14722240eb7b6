//! What the engine in this process takes: to load a file, to read a prompt, to write a token, to enforce a schema
//! while it writes, and to answer a second command with the same beginning.
//!
//! ```text
//! cargo bench --bench embedded
//! cargo bench --bench embedded -- gguf:path/to/another.gguf
//! ALLOY_TEST_OLLAMA=127.0.0.1:11434 ALLOY_TEST_MODEL=alloy-tiny cargo bench --bench embedded
//! ```
//!
//! The last asks a real Ollama for the same, with the same file (the model's card in `examples/models` says how to
//! create it there), and prints the ratio to its own figures. The goal: at least 0.7 of its generation speed, on the
//! same threads. Each figure is the median of several commands, as the engine and the server tell it themselves
//! ([`Timings`](alloy_runtime::Timings)).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a benchmark is a program that talks to whoever runs it"
)]

use std::time::{Duration, Instant};

use alloy_runtime::{Command, Outcome, Output, command};

/// Commands behind each figure.
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

/// A prompt of some 1,500 tokens that begins like no other.
fn long(round: usize) -> String {
    format!(
        "{round}: {}",
        "Jason is 25 years old and lives in New York. ".repeat(70)
    )
}

/// Who is asked.
struct Asked {
    model: String,
    host: Option<String>,
}

impl Asked {
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
        Measured::of(outcome, began.elapsed())
    }

    /// The median of a figure of some commands, each of which has a beginning of its own.
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

/// What one command took.
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
    /// Also of one that was cut where it was meant to be.
    fn of<T>(outcome: Result<Outcome<T>, alloy_runtime::Error>, took: Duration) -> Self {
        let outcome = outcome.expect("an answer");
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

/// The figures of one who is asked: tokens of a prompt a second, tokens that are written a second.
async fn speeds(who: &str, asked: &Asked) -> (f64, f64) {
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
    let engine = Asked {
        model: model.unwrap_or_else(|| SMALL_MODEL.to_owned()),
        host: None,
    };
    let first = engine.ask(STORY, same::<()>).await;
    row("load", first.load.as_secs_f64() * 1e3, "ms");
    let (_, written) = speeds("engine", &engine).await;

    // The same answer, with its schema enforced and without.
    let typed = engine.ask(USER, same::<User>).await;
    let form = ask::<User>(USER)
        .model(&engine.model)
        .preview()
        .unwrap()
        .messages[0]
        .content
        .clone();
    let told = |command: Command<()>| command.system(form.as_str());
    let untyped = engine.ask(USER, told).await;
    let a_token = |measured: &Measured| 1e6 / measured.speed();
    let schema = engine
        .median(|_| USER.to_owned(), same::<User>, a_token)
        .await;
    let none = engine.median(|_| USER.to_owned(), told, a_token).await;
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

    // A second command with the same beginning.
    let long_typed = |round| format!("{}\n{round}", long(0));
    let fresh = engine.median(long, same::<()>, took).await;
    let again = engine.median(long_typed, same::<()>, took).await;
    row("1,500 tokens that are new", fresh, "ms");
    row("the same with another end", again, "ms");

    let variable =
        |name: &str| std::env::vars().find_map(|(known, value)| (known == name).then_some(value));
    if let Some((host, model)) = variable("ALLOY_TEST_OLLAMA").zip(variable("ALLOY_TEST_MODEL")) {
        let server = Asked {
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
