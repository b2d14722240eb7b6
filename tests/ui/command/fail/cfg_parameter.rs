use alloy_runtime::command;

#[command("Add {a}")]
async fn add(a: i32, #[cfg(unix)] b: i32) -> i32;

fn main() {}
