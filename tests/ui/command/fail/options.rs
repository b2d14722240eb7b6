use alloy_runtime::command;

#[command("Say hello", model = "m", options = 8192)]
async fn no_list() -> String;

#[command("Say hello", model = "m", options("x", num_ctx, top_k(1), seed = 1, seed = 2))]
async fn no_pairs() -> String;

#[command("Say hello", model = "m", options(num_ctx = size(), stop = ["a", b], seed = -"x"))]
async fn no_literals() -> String;

#[command("Say hello", model("m"), tools(add), options(seed = 1) x)]
async fn other_lists() -> String;

fn main() {}
