use alloy_runtime::command;

#[command("Add {a}")]
async fn add((a, b): (i32, i32), _: u8) -> i32;

fn main() {}
