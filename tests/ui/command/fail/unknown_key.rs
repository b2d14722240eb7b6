use alloy_runtime::command;

#[command("Say hello", modle = "m", colour = 3)]
async fn hello() -> String;

#[command("Say bye", idle_timeout = "3s", max_retries = 2, host = "gpu")]
async fn bye() -> String;

fn main() {}
