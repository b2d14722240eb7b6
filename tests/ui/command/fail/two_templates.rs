use alloy_runtime::command;

#[command("Say hello", prompt = "Say bye")]
async fn hello() -> String;

fn main() {}
