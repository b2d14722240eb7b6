use alloy_runtime::command;

#[command("Greet {nmae}")]
async fn greet(name: &str) -> String;

fn main() {}
