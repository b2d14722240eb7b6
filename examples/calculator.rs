//! Tools: functions that the model calls, with conditions on their arguments.
//!
//! ```text
//! cargo run --example calculator
//! cargo run --example calculator -- "Divide 84 by 2."
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use alloy_runtime::{Result, command, tool};

/// Add two numbers.
#[tool]
fn add(a: i64, b: i64) -> Result<i64, &'static str> {
    // The model reads an error like a violated condition.
    a.checked_add(b).ok_or("the sum is too large")
}

/// Multiply two numbers.
#[tool]
fn multiply(a: i64, b: i64) -> Result<i64, &'static str> {
    a.checked_mul(b).ok_or("the product is too large")
}

/// Divide a by b.
#[tool]
#[require(b > 0, "b must be above zero")]
#[require(a % b == 0, "a must be a multiple of b")]
fn divide(a: i64, b: i64) -> Result<i64> {
    Ok(a / b)
}

#[command("{question}", temperature = 0.0, tools(add, multiply, divide))]
async fn calculate(question: &str) -> String;

#[tokio::main]
async fn main() -> Result<()> {
    alloy_examples::use_small_model_by_default();
    // A tool can be called like any function, and its conditions apply, too.
    if let Err(error) = divide(1, 0) {
        println!("{error}");
    }

    let question = std::env::args().nth(1);
    let question = question.unwrap_or_else(|| "Add 5 and 6, then multiply by 3.".to_owned());
    let outcome = calculate(&question).outcome().await?;
    for call in &outcome.tool_results {
        println!("{} {} -> {}", call.name, call.arguments, call.content);
    }
    println!("{}", outcome.value);
    Ok(())
}
