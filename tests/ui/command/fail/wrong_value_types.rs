use alloy_runtime::command;

#[command("Say hello", model = 3, temperature = "warm", max_tokens = 0, timeout = 30)]
async fn hello() -> String;

fn main() {}
