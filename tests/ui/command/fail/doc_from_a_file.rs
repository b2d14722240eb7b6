use alloy_runtime::command;

#[doc = include_str!("not_a_function.rs")]
#[command()]
async fn hello() -> String;

fn main() {}
