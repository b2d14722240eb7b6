use alloy_runtime::command;

#[command("Say hello",, model = "m",)]
async fn two() -> String;

#[command(,,"Say hello", options(,), tools(add,, divide))]
async fn before() -> String;

#[command("Say hello",,)]
#[ensure(|text| text.len() > 2,, "must be long",)]
async fn behind() -> String;

fn main() {}
