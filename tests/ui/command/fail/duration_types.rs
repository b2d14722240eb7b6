use alloy_runtime::command;

#[command("Say hello", timeout = "30 s")]
async fn blank() -> String;

#[command("Say hello", timeout = "30m1h")]
async fn order() -> String;

#[command("Say hello", timeout = "1h30m")]
async fn sum() -> String;

fn main() {
    drop(sum().timeout(30));
    drop(sum().keep_alive(30));
}
