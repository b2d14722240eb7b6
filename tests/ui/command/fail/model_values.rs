use alloy_runtime::command;

const NUMBER: u8 = 3;

fn pick() -> &'static str {
    "m"
}

#[command("Say hi to {name}", model = name)]
async fn parameter(name: &'static str) -> String;

#[command("Say hi", model = pick())]
async fn call() -> String;

#[command("Say hi", model = NUMBER)]
async fn number() -> String;

#[command("Say hi", model = " ")]
async fn blank() -> String;

fn main() {
    println!("{}", pick());
}
