use alloy_runtime::command;

struct User {
    name: String,
}

#[command("Extract")]
async fn extract() -> User;

#[command("Extract")]
async fn extract_all() -> Vec<User>;

#[command("Extract")]
async fn borrowed() -> &'static str;

fn main() {}
