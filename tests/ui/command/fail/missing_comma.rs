use alloy_runtime::command;

#[command(model = "m" temperature = 0.1)]
async fn hello() -> String;

#[command("Say hello" model = "m")]
async fn hello_again() -> String;

fn main() {}
