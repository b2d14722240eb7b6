//! Runs a batch with a journal, and prints the index of each item that it gave out. Arguments: the journal, the number of
//! rows, the number of commands at a time.

#![allow(clippy::print_stdout, reason = "the program prints its results")]

use std::io::Write as _;

use alloy_runtime::{batch, command};

#[command("Say {number}")]
async fn say(number: usize) -> String;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("an argument is missing");
    let (path, rows, concurrency) = (next()?, next()?.parse()?, next()?.parse()?);
    let mut results = batch(0..rows, |number: &usize| say(*number))
        .concurrency(concurrency)
        .journal(path);
    let mut stdout = std::io::stdout();
    while let Some(item) = results.next().await {
        let item = item?;
        item.result?;
        writeln!(stdout, "{}", item.index)?;
        stdout.flush()?;
    }
    println!("{}", results.totals());
    Ok(())
}
