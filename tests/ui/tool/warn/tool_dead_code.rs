use alloy_runtime::tool;

#[tool]
fn never_used(a: i64) -> i64 {
    a
}

#[tool]
#[require(a > 0, "a must be above zero")]
#[ensure(|_| true, "it must be")]
fn unused_with_conditions(a: i64) -> alloy_runtime::Result<i64> {
    Ok(a)
}

fn main() {}
