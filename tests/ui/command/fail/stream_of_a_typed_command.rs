use alloy_runtime::command;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
}

#[command("Extract: {text}")]
async fn extract(text: &str) -> User;

#[command("Log: {text}")]
async fn log(text: &str);

fn main() {
    drop(extract("Ann").stream());
    drop(log("Ann").temperature(0.0).stream());
    log("Ann").stream();
}
