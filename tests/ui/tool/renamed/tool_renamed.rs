//! Tools in a package that depends on alloy-runtime under the name `llm`.

#![deny(warnings)]

use llm::{Result, command, tool};

#[tool(crate = ::llm)]
fn add(a: i64, #[tool(default = 1)] b: i64) -> i64 {
    a + b
}

#[llm::tool(crate = ::llm)]
#[llm::require(b != 0, "b must not be zero")]
#[llm::ensure(|result| *result > 0, "the result must be above zero")]
fn divide(a: i64, b: i64, #[tool(state)] log: &std::sync::Mutex<Vec<i64>>) -> Result<i64> {
    log.lock().unwrap().push(a);
    Ok(a / b)
}

#[llm::tool(crate = ::llm)]
#[llm::command("Sum up: {text}", crate = ::llm)]
#[ensure(|sum| !sum.is_empty(), "there must be a sum")]
async fn template(text: &str) -> String;

#[llm::tool(crate = ::llm)]
#[llm::command(crate = ::llm)]
#[ensure(|sum| !sum.is_empty(), "there must be a sum")]
async fn body(text: &str) -> String {
    format!("Sum up: {text}")
}

#[tool(crate = ::llm)]
#[command(crate = ::llm)]
#[llm::ensure(|count| *count > 0, "there must be words")]
async fn fallible_body(text: &str) -> Result<u8> {
    format!("Count to {}", text.parse::<u8>()?)
}

// A path of the user's own.
mod my_alloy {
    pub(super) use llm::*;
}

#[my_alloy::tool(crate = crate::my_alloy)]
#[my_alloy::command(crate = crate::my_alloy, model = "m")]
#[ensure(|sum| !sum.is_empty(), "there must be a sum")]
async fn re_exported(text: &str) -> String {
    format!("Sum up: {text}")
}

#[command("Go", tools(add, template, body, fallible_body, re_exported), crate = ::llm)]
async fn go() -> String;

fn main() {
    let _command = go().tool(divide::with(std::sync::Mutex::new(Vec::new())));
    let _tools = [template::tool(), body::tool(), fallible_body::tool(), re_exported::tool()];
    println!("{}", add(1, 2));
}
