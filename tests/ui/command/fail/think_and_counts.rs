use alloy_runtime::command;

#[command("Say hello", model = "m", think = "hard", retry = 0, max_tool_turns = -1)]
async fn values() -> String;

#[command("Say hello", model = "m", think = 3, retry = "three", max_tool_turns = 1.5)]
async fn types() -> String;

fn main() {}
