use alloy_runtime::{command, tool};

fn plain(a: i64) -> i64 {
    a
}

struct User;

mod math {
    pub fn plain() {}

    #[alloy_runtime::tool]
    fn private() {}
}

#[tool]
fn query(#[tool(state)] db: &String, sql: &str) -> String {
    format!("{db} {sql}")
}

#[command("Go", tools(plain))]
async fn function() -> String;

#[command("Go", tools(math::plain))]
async fn in_a_module() -> String;

#[command("Go", tools(User))]
async fn another_type() -> String;

#[command("Go", tools(missing, nowhere::add))]
async fn unknown() -> String;

#[command("Go", tools(math::private))]
async fn private() -> String;

#[command("Go", tools(query))]
async fn with_state() -> String;

#[command("Go", tools())]
async fn none() -> String;

#[command("Go", tools = query)]
async fn pair() -> String;

#[command("Go", tools("query", query::with(1)), tool = query)]
async fn texts() -> String;

fn main() {}
