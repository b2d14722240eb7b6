use alloy_runtime::{Result, tool};

#[tool]
#[require]
#[require(b != 0)]
#[require("b must not be zero")]
#[require(b != 0, "")]
#[require(b != 0 "b must not be zero")]
#[require(|b| b != 0, "b must not be zero")]
#[ensure(|answer| *answer < b, "too large")]
fn divide(a: i64, b: i64) -> Result<i64> {
    Ok(a / b)
}

#[tool]
#[require(b != 0, "b must not be zero")]
fn plain(a: i64, b: i64) -> i64 {
    a / b
}

#[tool]
#[ensure(|_| true, "it must be")]
fn nothing() {}

#[tool]
#[require(b, "b must not be zero")]
#[ensure(|answer| answer.is_empty(), "it must be empty")]
fn not_bool(b: i64) -> Result<i64> {
    Ok(b)
}

#[tool]
#[require(b < 5, "b must be below 5, is {b}")]
#[require(b < 5, message = "b must be below 5")]
#[ensure(result < 5, "the result must be below 5")]
fn placeholders(b: i64) -> Result<i64> {
    Ok(b)
}

type Alias = Result<i64>;

#[tool]
#[require(b < 5, "b must be below 5")]
fn alias(b: i64) -> Alias {
    Ok(b)
}

#[tool]
#[ensure(|_| true, "it must be")]
fn nameless(b: i64) -> Result<impl serde::Serialize> {
    Ok(b)
}

#[tool]
#[require(a > 0, "must be one of {abc}, or {a}")]
#[require(a > 0, "must be { a:?}")]
#[require(r#type > 0, "must be above {type}")]
#[require(r#type > 0, "must be of {types}")]
fn named(a: u8, r#type: u8) -> Result<u8> {
    Ok(a)
}

#[tool]
#[require(b < 5, "b must be below 5")]
const fn constant(b: i64) -> Result<i64> {
    Ok(b)
}

fn main() {}
