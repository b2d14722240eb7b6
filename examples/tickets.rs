//! Classifies the tickets of a CSV file: several at a time, with progress and a journal. End it with Ctrl-C and run it
//! again: it asks only for the tickets that have no answer yet. A row that cannot be read, or a ticket without an answer,
//! is reported, and the others go on.
//!
//! ```text
//! cargo run --example tickets
//! cargo run --example tickets -- my-tickets.csv my-tickets.journal
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the example prints its output"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use alloy_runtime::{command, try_batch};

/// A row of the file.
#[derive(serde::Deserialize)]
struct Ticket {
    number: u32,
    text: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Queue {
    Billing,
    Technical,
    Account,
}

/// Classify the ticket.
#[command(temperature = 0.0)]
async fn classify(ticket: &str) -> Queue;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    alloy_examples::use_small_model_by_default();
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let tickets = arguments
        .next()
        .unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/data/tickets.csv").into());
    let journal = arguments
        .next()
        .unwrap_or_else(|| std::env::temp_dir().join("alloy-tickets.journal"));

    let rows = csv::Reader::from_path(tickets)?.into_deserialize::<Ticket>();
    let mut results = try_batch(rows, |ticket: &Ticket| classify(&ticket.text))
        .journal(&journal)
        .progress();
    let mut queues: BTreeMap<Queue, Vec<u32>> = BTreeMap::new();
    loop {
        // What was given out is in the journal; the commands that run now are asked again the next time.
        let item = tokio::select! {
            item = results.next() => item,
            _ = tokio::signal::ctrl_c() => {
                eprintln!("ended; run it again to go on from {}", journal.display());
                break;
            }
        };
        match item {
            Some(Ok(item)) => match item.result {
                Ok(outcome) => queues
                    .entry(outcome.value)
                    .or_default()
                    .push(item.input.number),
                Err(error) => eprintln!("ticket {}: {error}", item.input.number),
            },
            // A row that cannot be read, or the reason why the batch stopped.
            Some(Err(error)) => eprintln!("{error}"),
            None => break,
        }
    }
    for (queue, numbers) in &queues {
        let first: Vec<String> = numbers.iter().take(5).map(u32::to_string).collect();
        let more = if numbers.len() > 5 { ", …" } else { "" };
        println!(
            "{queue:?}: {} tickets ({}{more})",
            numbers.len(),
            first.join(", ")
        );
    }
    println!("{}", results.totals());
    Ok(())
}
