use alloy_runtime::command;

#[command()]
async fn sum_up(url: &str) -> String {
    let inner = async { std::future::ready(1).await };
    let page = fetch(url).await;
    format!("Sum up: {page}")
}

async fn fetch(url: &str) -> String {
    url.to_owned()
}

fn main() {}
