use alloy_runtime::{ask, command, tool};

#[tool]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[command("Go", tools(add))]
async fn go() -> String;

#[command("Go", tools(add))]
async fn number() -> u8;

fn main() {
    let _ = go().stream();
    let _ = ask("Go").tool(add::tool()).stream();
    let _ = number().stream();
}
