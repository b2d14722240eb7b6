use alloy_runtime::{ask, tool};

#[tool]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[tool]
fn query(#[tool(state)] db: &String, sql: &str) -> String {
    format!("{db} {sql}")
}

fn main() {
    drop(ask("Go").tool(add));
    let stateful = query::tool();
    drop(ask("Go").tool(stateful));
    drop(ask("Go").tool(query::with(String::new())));
}
