//! A command that corrects itself: the model tests its pattern with a tool before it answers, and Rust tests the answer
//! again. The tool returns the examples that a pattern gets wrong.
//!
//! ```text
//! ALLOY_MODEL=ollama:llama3.1 cargo run --example self_correct
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the example prints its output"
)]

use alloy_runtime::{Decision, Json, Result, command, tool};
use regex_lite::Regex;

const MATCH: [&str; 3] = ["AB-1042", "XY-0007", "QQ-9999"];
const NO_MATCH: [&str; 3] = ["AB1042", "ab-1042", "AB-104"];

/// Try a regular expression on all examples, and tell what it gets wrong.
#[tool]
fn try_pattern(pattern: &str) -> Result<String, regex_lite::Error> {
    // A pattern that is not valid is an error, and the model reads the reason.
    let wrong = wrong(&Regex::new(pattern)?);
    Ok(match wrong.as_slice() {
        [] => "all examples are right".to_owned(),
        wrong => format!("wrong: {}", wrong.join("; ")),
    })
}

/// Returns the examples that a pattern gets wrong.
fn wrong(pattern: &Regex) -> Vec<String> {
    let missed = MATCH.iter().filter(|text| !pattern.is_match(text));
    let missed = missed.map(|text| format!("{text} should match"));
    let caught = NO_MATCH.iter().filter(|text| pattern.is_match(text));
    let caught = caught.map(|text| format!("{text} should not match"));
    missed.chain(caught).collect()
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Pattern {
    /// A regular expression from ^ to $.
    pattern: String,
}

fn is_right(answer: &Pattern) -> bool {
    Regex::new(&answer.pattern).is_ok_and(|pattern| wrong(&pattern).is_empty())
}

/// Write a regular expression. Try it with the tool, mend it until all examples are right, then give it.
#[command(temperature = 0.0, retry = 3, tools(try_pattern))]
#[ensure(
    is_right,
    "the pattern must match all of `matching` and none of `others`"
)]
async fn write_pattern(matching: Json<&[&str]>, others: Json<&[&str]>) -> Pattern;

#[tokio::main]
async fn main() -> Result<()> {
    alloy_examples::use_small_model_by_default();
    let outcome = write_pattern(Json(&MATCH), Json(&NO_MATCH))
        .on_invalid(|invalid| {
            eprintln!("answer {}: {}", invalid.attempt, invalid.error);
            Decision::FollowSettings
        })
        .outcome()
        .await?;
    for call in &outcome.tool_results {
        println!("tried {} -> {}", call.arguments["pattern"], call.content);
    }
    println!(
        "{} after {} answers",
        outcome.value.pattern, outcome.attempts
    );
    Ok(())
}
