use alloy_runtime::command;

#[command("Say hello", model, system =, "temperature" = 3, 7)]
async fn hello() -> String;

fn main() {}
