use alloy_runtime::command;

#[command("Say hello", modle = "m", colour = 3)]
async fn hello() -> String;

fn main() {}
