use alloy_runtime::tool;

#[tool("Adds two numbers.")]
fn template() {}

#[tool(name = "plus", handle = "Plus")]
fn name() {}

#[tool(description = "Adds.", title = "x")]
fn described() {}

#[tool(handle(Plus), crate(llm))]
fn lists() {}

#[tool(handle = A, handle = B)]
fn twice() {}

#[tool(handle)]
fn without_value() {}

#[tool(state)]
fn state() {}

#[tool(default = 1)]
fn default() {}

fn main() {
    template();
    let _ = (name::tool(), lists::tool(), A::tool());
}
