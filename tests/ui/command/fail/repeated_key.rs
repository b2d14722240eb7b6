use alloy_runtime::command;

#[command("Say hello", model = "a", model = "b")]
async fn hello() -> String;

fn main() {}
