use alloy_runtime::command;

#[command("Greet {name")]
async fn greet(name: &str) -> String;

fn main() {}
