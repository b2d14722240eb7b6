use alloy_runtime::command;

#[command("  ", system = "")]
async fn hello() -> String;

fn main() {}
