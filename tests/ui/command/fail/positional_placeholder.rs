use alloy_runtime::command;

#[command("Greet {} and {0}")]
async fn greet(name: &str) -> String;

fn main() {}
