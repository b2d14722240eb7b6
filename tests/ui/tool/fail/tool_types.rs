use alloy_runtime::tool;

struct Plain;

#[tool]
fn parameter(a: i64, b: Plain) {}

#[tool]
fn borrowed(b: &Plain, c: Option<&Plain>) {}

#[tool]
fn result() -> Plain {
    Plain
}

#[tool]
fn fallible() -> Result<Plain, std::io::Error> {
    Ok(Plain)
}

#[tool]
fn error() -> Result<u8, Plain> {
    Ok(1)
}

#[tool]
async fn later() -> Result<Vec<Plain>, String> {
    Ok(Vec::new())
}

#[tool]
async fn not_send() -> u8 {
    let rc = std::rc::Rc::new(1);
    std::future::ready(()).await;
    *rc
}

#[tool]
fn state(#[tool(state)] cell: &std::cell::Cell<u8>) {}

#[tool]
#[require(1 > 0, "one is above zero")]
fn contract() -> Result<u8, std::io::Error> {
    Ok(1)
}

fn main() {}
