use alloy_runtime::command;

#[command("Say hello")]
async fn hello() -> String;

fn main() {
    drop(hello().blocking());
    drop(hello().blocking_outcome());
}
