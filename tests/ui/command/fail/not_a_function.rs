use alloy_runtime::command;

#[command("Say hello")]
#[derive(Debug)]
pub struct Hello;

fn main() {}
