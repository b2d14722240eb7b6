use alloy_runtime::command;

#[command("Answer like {\"name\": \"Ann\"}")]
async fn greet() -> String;

fn main() {}
