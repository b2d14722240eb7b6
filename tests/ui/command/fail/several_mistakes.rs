use alloy_runtime::command;

#[command("Greet {}", modle = "m")]
fn greet((a, b): (u8, u8)) -> String;

fn main() {}
