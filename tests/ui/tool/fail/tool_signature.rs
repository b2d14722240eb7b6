use alloy_runtime::tool;

#[tool]
fn no_body(a: i64) -> i64;

#[tool]
unsafe fn not_safe() {}

#[tool]
fn generic<T: serde::Serialize, const N: usize>(a: T) {}

#[tool]
fn nameless(a: impl Into<String>, (b, c): (i64, i64), #[cfg(test)] d: u8) {}

#[tool]
fn größer(a: i64) -> i64 {
    a
}

struct Desk;

impl Desk {
    #[tool]
    fn method(&self, a: i64) -> i64 {
        a
    }
}

#[tool]
async fn lifetimes<'a>(a: &'a str, b: &'static str, c: &mut String, d: Vec<&str>) {}

#[tool]
fn shared(#[tool(state)] db: &mut Vec<u8>, #[tool(state)] name: std::borrow::Cow<'_, str>) {}

fn main() {
    no_body(1);
    shared(&mut Vec::new(), "".into());
}
