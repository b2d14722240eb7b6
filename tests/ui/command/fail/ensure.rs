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

#[command("Say hello to {name} and {limit}")]
#[ensure(|answer| { answer.len() < 9 || (answer.len() > limit) }, "must be long")]
#[ensure(name, "must be named")]
#[ensure(|answer| answer.len() < 9 "must be short")]
async fn captures(name: &str, limit: usize) -> String;

#[command("Say hello")]
#[ensure(|()| true, "must be")]
async fn nothing();

#[command("Say hello to {limit}")]
#[ensure(|answer| limit != answer.len(), "must be long")]
#[ensure(|answer| (0..limit).contains(&answer.len()), "must be short")]
#[ensure(|answer| answer.limit() > own::limit && limit!(answer), "must be another's")]
async fn beside_operators(limit: usize) -> String;

fn main() {}
