use alloy_runtime::command;

#[command()]
async fn count(text: &str) -> String {
    text.len()
}

fn main() {}
