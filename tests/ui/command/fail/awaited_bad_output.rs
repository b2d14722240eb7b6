use alloy_runtime::command;

struct User {
    name: String,
}

#[command("Extract")]
async fn extract() -> User;

async fn caller() -> Result<(), alloy_runtime::Error> {
    let user = extract().await?;
    drop(user.name);
    Ok(())
}

fn main() {}
