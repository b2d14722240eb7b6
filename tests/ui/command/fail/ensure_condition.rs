use alloy_runtime::command;

struct Other;

fn of_another(_: &Other) -> bool {
    true
}

#[command("Say hello")]
#[ensure(|text| text.len(), "must have a length")]
async fn no_bool() -> String;

#[command("Say hello")]
#[ensure(|text| text.years < 3, "must be young")]
async fn no_field() -> String;

#[command("Say hello")]
#[ensure(of_another, "must be another")]
async fn other_type() -> String;

#[command("Say hello")]
#[ensure(true, "must be")]
async fn no_function() -> String;

fn main() {}
