use alloy_runtime::command;

#[command("Say hi", "ollama:x")]
async fn model() -> String;

#[command(prompt = "Say hi", "ollama:x")]
async fn keyed() -> String;

fn main() {}
