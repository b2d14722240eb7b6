//! Workflow: conditions teach the model the order of the steps. Each step requires the one before it, and a model that
//! skips a step reads why its call was rejected.
//!
//! ```text
//! cargo run --example workflow
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use std::sync::atomic::{AtomicU8, Ordering};

use alloy_runtime::{Result, command, tool};

/// An order, which remembers its last step.
#[derive(Default)]
struct Order {
    step: AtomicU8,
}

impl Order {
    const CHECKED: u8 = 1;
    const PAID: u8 = 2;
    const SHIPPED: u8 = 3;

    fn is(&self, step: u8) -> bool {
        self.step.load(Ordering::SeqCst) >= step
    }

    fn now_is(&self, step: u8) {
        self.step.fetch_max(step, Ordering::SeqCst);
    }
}

/// Check that the item is in stock.
#[tool]
fn check_stock(#[tool(state)] order: &Order, item: &str) -> String {
    order.now_is(Order::CHECKED);
    format!("{item} is in stock")
}

/// Charge the customer's card.
#[tool]
#[require(order.is(Order::CHECKED), "call check_stock first")]
#[require(cents > 0, "the amount must be above zero")]
fn charge(
    #[tool(state)] order: &Order,
    /// The amount in cents.
    cents: u32,
) -> Result<String> {
    order.now_is(Order::PAID);
    Ok(format!("charged {cents} cents"))
}

/// Send the parcel.
#[tool]
#[require(order.is(Order::PAID), "call charge first")]
fn ship(#[tool(state)] order: &Order, city: &str) -> Result<String> {
    order.now_is(Order::SHIPPED);
    Ok(format!("on its way to {city}"))
}

/// Handle this order with your tools, step by step, then tell the customer what was done.
#[command(temperature = 0.0, max_tool_turns = 8)]
async fn handle(order: &str) -> String;

#[tokio::main]
async fn main() -> Result<()> {
    alloy_examples::use_small_model_by_default();
    let letter = std::env::args().nth(1);
    let letter =
        letter.unwrap_or_else(|| "One blue lamp, 19.90, to Ann in Oslo, please.".to_owned());
    let order = std::sync::Arc::new(Order::default());
    let outcome = handle(&letter)
        .tool(check_stock::with(order.clone()))
        .tool(charge::with(order.clone()))
        .tool(ship::with(order.clone()))
        .outcome()
        .await?;
    for call in &outcome.tool_results {
        println!("{:?}: {} -> {}", call.status, call.name, call.content);
    }
    println!("{}", outcome.value);
    println!("shipped: {}", order.is(Order::SHIPPED));
    Ok(())
}
