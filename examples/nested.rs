//! Extracts a user with all addresses: a struct that contains a list of structs, and a prompt of several lines.
//!
//! ```text
//! cargo run --example nested
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use alloy_runtime::command;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
    addresses: Vec<Address>,
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct Address {
    street: String,
    city: String,
    country: String,
}

#[command(
    "
    Extract: {name} is {age} years old.
    {addresses}
    ",
    temperature = 0.0
)]
async fn extract(name: &str, age: u8, addresses: &str) -> User;

#[tokio::main]
async fn main() -> alloy_runtime::Result<()> {
    alloy_examples::use_small_model_by_default();
    let addresses = "He lives at 123 Main St, New York, USA and has a summer house at 456 Beach Rd, Miami, USA.";
    let user = extract("Jason", 35, addresses).await?;
    println!("{}, {}", user.name, user.age);
    for Address {
        street,
        city,
        country,
    } in user.addresses
    {
        println!("- {street}, {city}, {country}");
    }
    Ok(())
}
