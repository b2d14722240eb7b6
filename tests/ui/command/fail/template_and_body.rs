use alloy_runtime::command;

#[command("Say hello")]
async fn hello() -> String {
    format!("Say bye")
}

fn main() {}
