use alloy_runtime::command;

struct User;

#[command("Greet {user}")]
async fn greet(user: &User) -> String;

#[command(
    "
    Greet:
    {user}
    "
)]
async fn greet_in_lines(user: &User) -> String;

/// Greet the user.
#[command()]
async fn greet_in_a_block(user: &User) -> String;

fn main() {}
