use alloy_runtime::command;

#[command("Say hello", model = " ", temperature = 2.5, max_tokens = -1, timeout = "soon")]
async fn hello() -> String;

fn main() {}
