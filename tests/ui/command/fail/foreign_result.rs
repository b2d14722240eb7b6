use alloy_runtime::command;

#[command("Say hello")]
async fn hello() -> std::io::Result<String>;

#[command("Say bye")]
async fn bye() -> Result<String, String>;

fn main() {}
