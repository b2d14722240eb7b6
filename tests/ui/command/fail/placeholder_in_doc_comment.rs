use alloy_runtime::command;

/// Greet {nmae} like this: {}
/// and {"name": 1}.
#[command()]
async fn greet(name: &str, tone: &str) -> String;

fn main() {}
