use alloy_runtime::command;

struct User {
    name: String,
}

#[command("Greet {user.name}")]
async fn greet(user: &User) -> String;

fn main() {}
