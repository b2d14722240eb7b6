//! Validation: the type limits single fields, `#[ensure]` checks conditions over several fields, and hooks see each
//! answer that violates one.
//!
//! ```text
//! ALLOY_MODEL=ollama:llama3.1 cargo run --example validate
//! ALLOY_MODEL=ollama:llama3.1 cargo run --example validate -- "Two nights for one, from the 3rd. I am Ben."
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the example prints its output"
)]

use alloy_runtime::{Decision, command};

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct Booking {
    #[schemars(length(min = 1, max = 40))]
    guest: String,
    #[schemars(range(min = 1, max = 6))]
    persons: u8,
    /// day of the month
    #[schemars(range(min = 1, max = 31))]
    arrival: u8,
    /// day of the month
    #[schemars(range(min = 1, max = 31))]
    departure: u8,
}

/// Extract the booking from the letter.
#[command(temperature = 0.0, retry = 3)]
#[ensure(|booking| booking.arrival < booking.departure, "arrival must be before departure")]
#[ensure(has_a_name, "guest must be a name, not a number")]
async fn book(letter: &str) -> Booking;

fn has_a_name(booking: &Booking) -> bool {
    booking.guest.chars().all(|c| !c.is_ascii_digit())
}

#[tokio::main]
async fn main() -> alloy_runtime::Result<()> {
    alloy_examples::use_small_model_by_default();
    let letter = std::env::args().nth(1);
    let letter = letter.unwrap_or_else(|| {
        "We are four and come on the 12th for three nights. Yours, Ann Miller".to_owned()
    });
    let booking = book(&letter)
        .on_invalid(|invalid| {
            eprintln!("answer {}: {}", invalid.attempt, invalid.error);
            // `Decision::Retry` re-asks regardless of `retry`, `Decision::Stop` gives up.
            Decision::FollowSettings
        })
        .on_retry(|next| eprintln!("asking for answer {}", next.attempt))
        .await?;
    let Booking {
        guest,
        persons,
        arrival,
        departure,
    } = booking;
    println!("{guest}: {persons} from {arrival} to {departure}");
    Ok(())
}
