use alloy_runtime::{command, ensure, require, tool};

#[require(b != 0, "b must not be zero")]
#[tool]
fn above(b: i64) -> alloy_runtime::Result<i64> {
    Ok(b)
}

#[ensure(|answer| *answer != 0, "it must not be zero")]
#[tool]
fn ensured(b: i64) -> alloy_runtime::Result<i64> {
    Ok(b)
}

#[command("Sum up: {text}")]
#[tool]
async fn reversed(text: &str) -> String;

#[tool]
#[require(!text.is_empty(), "there must be a text")]
#[command("Sum up: {text}")]
async fn conditional(text: &str) -> String;

#[command("Sum up: {text}")]
#[require(!text.is_empty(), "there must be a text")]
async fn plain(text: &str) -> String;

fn main() {}
