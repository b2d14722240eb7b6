//! Concurrent look-ups: the model requests several at once, and they run concurrently.
//!
//! ```text
//! cargo run --example lookups
//! cargo run --example lookups -- Paris Oslo
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its output")]

use std::time::Duration;

use alloy_runtime::{Result, command, tool};

#[derive(serde::Serialize)]
struct Weather {
    degrees: i8,
    sky: &'static str,
}

/// The weather in a city.
#[tool]
async fn get_weather(
    /// The city's name alone.
    city: &str,
) -> Result<Weather, String> {
    // A real program would query a weather service here.
    tokio::time::sleep(Duration::from_millis(200)).await;
    match city {
        "Oslo" => Ok(Weather {
            degrees: -3,
            sky: "snow",
        }),
        "Tbilisi" => Ok(Weather {
            degrees: 17,
            sky: "clear",
        }),
        "Paris" => Ok(Weather {
            degrees: 9,
            sky: "rain",
        }),
        // The model reads this and can choose another city.
        _ => Err(format!(
            "no station in {city}; there are Oslo, Paris and Tbilisi"
        )),
    }
}

#[command(
    "What is the weather in {cities}?",
    temperature = 0.0,
    tools(get_weather)
)]
async fn weather(cities: &str) -> String;

#[tokio::main]
async fn main() -> Result<()> {
    alloy_examples::use_small_model_by_default();
    let cities: Vec<String> = std::env::args().skip(1).collect();
    let cities = match cities.as_slice() {
        [] => "Oslo and Tbilisi".to_owned(),
        cities => cities.join(" and "),
    };
    // The default is eight at a time.
    let outcome = weather(&cities).parallel_tools_max(4).outcome().await?;
    for call in &outcome.tool_results {
        println!("turn {}: {} -> {}", call.turn, call.arguments, call.content);
    }
    println!("{}", outcome.value);
    Ok(())
}
