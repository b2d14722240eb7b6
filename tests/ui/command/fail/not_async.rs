use alloy_runtime::command;

#[command("Say hello")]
fn hello() -> String;

fn main() {}
