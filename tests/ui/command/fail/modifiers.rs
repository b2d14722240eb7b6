use alloy_runtime::command;

#[command("Say hello")]
const unsafe extern "C" fn hello() -> String;

fn main() {}
