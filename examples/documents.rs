//! Summarizes long texts: splits them, summarizes the parts several at a time, and merges the summaries in groups until
//! one is left. No prompt grows with the length of the texts.
//!
//! ```text
//! cargo run --example documents
//! cargo run --example documents -- README.md docs/guide.md
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the example prints its output"
)]

use alloy_runtime::{batch, command};

/// Maximum length of a part in characters: some 400 tokens, so that prompt and summary fit into a small context.
const PART: usize = 1600;
/// The number of summaries that are merged at once.
const GROUP: usize = 4;

/// A summary, whose length the schema bounds: a text alone might go on and on.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Summary {
    /// One sentence.
    #[schemars(length(max = 400))]
    sentence: String,
}

/// Summarize the text in one sentence.
#[command(temperature = 0.0)]
async fn summarize(text: &str) -> Summary;

/// Write one sentence that says what these summaries of parts of a text say together.
#[command(temperature = 0.0)]
async fn merge(summaries: &str) -> Summary;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    alloy_examples::use_small_model_by_default();
    let mut paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() {
        paths.push(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md").to_owned());
    }
    for path in paths {
        let text = std::fs::read_to_string(&path)?;
        let parts = split(&text);
        eprintln!("{path}: {} parts", parts.len());
        println!("{}", summary(parts).await?);
    }
    Ok(())
}

/// Splits a text after its paragraphs into parts of up to [`PART`] characters. A longer paragraph is split after a word.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let paragraphs = text.split_inclusive("\n\n");
    let pieces = paragraphs.flat_map(|paragraph| match paragraph.chars().count() {
        0..PART => vec![paragraph],
        _ => paragraph.split_inclusive(' ').collect(),
    });
    for piece in pieces {
        let last = parts.last().map_or(0, |part| part.chars().count());
        if last > 0 && last + piece.chars().count() > PART {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(piece);
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Summarizes the parts of a text, and then their summaries, level by level.
async fn summary(parts: Vec<String>) -> Result<String, alloy_runtime::Error> {
    let mut level = answers(parts, |part| summarize(part)).await?;
    while level.len() > 1 {
        let groups: Vec<String> = level.chunks(GROUP).map(|group| group.join("\n")).collect();
        eprintln!("merging {} summaries into {}", level.len(), groups.len());
        level = answers(groups, |group| merge(group)).await?;
    }
    Ok(level.pop().unwrap_or_default())
}

/// Returns the answers for the rows, in their order. The first failure ends all: a summary without a part would mislead.
async fn answers(
    rows: Vec<String>,
    mut command: impl FnMut(&String) -> alloy_runtime::Command<Summary> + Send,
) -> Result<Vec<String>, alloy_runtime::Error> {
    let mut results = batch(rows, move |row: &String| command(row));
    let mut answers = Vec::new();
    while let Some(item) = results.next().await {
        answers.push(item?.result?.value.sentence);
    }
    Ok(answers)
}
