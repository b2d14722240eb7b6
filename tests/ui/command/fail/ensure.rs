use alloy_runtime::{command, ensure};

#[command("Say {text}, at most {limit}")]
#[ensure]
#[ensure(|text| !text.is_empty())]
#[ensure(|text| text.is_empty(), "  ")]
#[ensure("must be short")]
#[ensure(|answer| answer.len() <= limit, "must be short")]
async fn say(text: &str, limit: usize) -> String;

#[ensure(|text| text.len() < 100, "must be short")]
#[command("Say hello")]
async fn above() -> String;

fn main() {}
