//! A field that the text may not contain: an `Option`, which is `None` if the model answers null.
//!
//! ```text
//! cargo run --example optional
//! cargo run --example optional -- "Ann, ann@example.com"
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use alloy_runtime::command;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Contact {
    name: String,
    /// Null where the text has none.
    email: Option<String>,
}

/// Extract the contact from the text.
#[command(temperature = 0.0)]
async fn extract(text: &str) -> Contact;

#[tokio::main]
async fn main() -> alloy_runtime::Result<()> {
    alloy_examples::use_small_model_by_default();
    let text = std::env::args().nth(1);
    let text = text.as_deref().unwrap_or("Jason called yesterday");
    let contact = extract(text).await?;
    match contact.email {
        Some(email) => println!("{} <{email}>", contact.name),
        None => println!("{} left no address", contact.name),
    }
    Ok(())
}
