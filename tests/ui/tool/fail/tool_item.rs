use alloy_runtime::tool;

#[tool]
struct Add;

#[tool]
/// A constant.
pub const ADD: i64 = 1;

fn main() {}
