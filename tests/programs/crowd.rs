//! Runs a thousand commands at once, drops half of another thousand midway, and does the same with streams. Prints the
//! number of answers, and the tasks and file descriptors that remain.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "the program prints its results and reads its environment"
)]

use std::time::Duration;

use alloy_runtime::command;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

const CROWD: u64 = 1000;
const STREAMS: u64 = 100;

#[command("How old is number {number}?")]
async fn age(number: u64) -> u8;

#[command("Tell a story about number {number}")]
async fn story(number: u64) -> String;

/// Returns the number of open file descriptors, or 0 if the system does not report it.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Waits until at most `most` tasks remain: one for each pooled connection, and one that closes idle connections.
async fn settled(most: usize) -> usize {
    for _ in 0..1000 {
        if Handle::current().metrics().num_alive_tasks() <= most {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Handle::current().metrics().num_alive_tasks()
}

#[tokio::main]
async fn main() {
    let before = descriptors();
    let mut crowd: JoinSet<_> = (0..CROWD).map(age).collect();
    let (mut answered, mut most) = (0, 0);
    while let Some(answer) = crowd.join_next().await {
        answered += u32::from(matches!(answer, Ok(Ok(25))));
        most = most.max(descriptors().saturating_sub(before));
    }
    println!("answered {answered}");
    println!("most {most}");

    let mut answered = 0;
    let mut kept = JoinSet::new();
    let mut dropped = JoinSet::new();
    for number in 0..CROWD {
        match number % 2 {
            0 => kept.spawn(age(number)),
            _ => dropped.spawn(age(number)),
        };
    }
    // Dropped after 100 answers, while the others continue.
    for _ in 0..CROWD / 2 {
        if let Some(answer) = kept.join_next().await {
            answered += u32::from(matches!(answer, Ok(Ok(25))));
        }
        if answered == 100 {
            dropped.abort_all();
        }
    }
    println!("answered {answered}");
    while dropped.join_next().await.is_some() {}

    let Ok(stories) = std::env::var("STORIES") else {
        return;
    };
    let mut begun = Vec::new();
    for number in 0..STREAMS {
        let mut stream = story(number).host(&*stories).stream();
        stream.next().await;
        begun.push(stream);
    }
    println!("begun {}", begun.len());
    drop(begun);

    println!("tasks {}", settled(111).await);
    println!("descriptors {}", descriptors().saturating_sub(before));
}
