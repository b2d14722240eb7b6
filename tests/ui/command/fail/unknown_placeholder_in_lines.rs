use alloy_runtime::command;

#[command(
    "
    Greet the person.
    Their name is {nmae}.
    "
)]
async fn greet(name: &str) -> String;

fn main() {}
