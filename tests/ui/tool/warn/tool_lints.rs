#![warn(missing_docs)]

//! rustc reports its warnings about tools once, at the user's code.

use alloy_runtime::{command, tool};

#[tool]
fn unused_parameter(a: i64, b: i64) -> i64 {
    a
}

#[tool]
pub fn undocumented() {}

/// Old.
#[deprecated]
#[tool]
pub fn old() {}

/// Has conditions.
#[tool]
#[require(a > 0, "a must be above zero")]
#[ensure(|_| true, "it must be")]
pub fn unused_with_conditions(a: i64, b: i64) -> alloy_runtime::Result<i64> {
    Ok(a)
}

/// Goes.
#[command("Go", tools(unused_parameter, unused_with_conditions, old))]
pub async fn go() -> String;

fn main() {
    go();
    old();
    unused_parameter(1, 2);
}
