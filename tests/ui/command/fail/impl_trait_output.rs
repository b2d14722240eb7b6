use alloy_runtime::command;

#[command("Say hello")]
async fn hello() -> impl std::fmt::Display;

fn main() {}
