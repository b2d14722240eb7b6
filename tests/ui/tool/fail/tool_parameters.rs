use alloy_runtime::tool;

#[tool]
fn helpers(
    #[tool] a: i64,
    #[tool(stat)] b: i64,
    #[tool(default)] c: i64,
    #[tool(state = 1)] d: i64,
    #[tool(default = 1)] #[tool(state)] e: i64,
    #[tool(default = 1, 2)] f: i64,
    #[schemars(range(max = 10))] g: i64,
) {
}

#[tool]
fn default_of_another_type(#[tool(default = "one")] a: i64) {}

#[tool]
#[doc = include_str!("tool_item.rs")]
fn doc_from_a_file(#[doc = concat!("a", "b")] a: i64) {}

fn main() {}
