//! Measures what many inputs cost: the memory of a batch with and without a journal, and the time of a cache hit.
//!
//! ```text
//! cargo bench --bench many            # 10,000 and 1,000,000 rows, some minutes
//! ```
//!
//! Memory is the most that the heap of this process held beyond its start, while a batch ran against a loopback server in
//! another process. Goals: no more for a million rows than for ten thousand without a journal, and at most 64 bytes a row
//! with one. The time of a hit is the CPU time of the whole command less that of reading the file; its goal is 20 µs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints its results and reads its environment"
)]

mod measure;

use std::path::Path;
use std::time::Instant;

use alloy_runtime::{Cache, Config, batch, command, with_config};
use alloy_tests::server::Said;
use cpu_time::ProcessTime;
use serde::Deserialize;

use self::measure::ServerProcess;

const CONCURRENCY: usize = 16;
const HITS: u32 = 2000;

#[derive(Debug, Clone, serde::Serialize, Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

#[command("Extract: {row}", model = "ollama:llama3.1", temperature = 0.0)]
async fn extract(row: usize) -> User;

fn main() {
    measure::main(|_| serve(), measured, measure);
}

/// Serves one answer.
fn serve() {
    let reply = measure::json_reply(&Said::new(r#"{"name":"Jason","age":25}"#).native());
    measure::serve(move |_| reply.clone());
}

fn measure() {
    let server = ServerProcess::start("serve");
    for measure in [
        "10000",
        "10000 journal",
        "1000000",
        "1000000 journal",
        "hit",
    ] {
        server.measure_once(measure);
    }
}

/// Runs one measurement in its own process.
fn measured(measure: &str, _: &str) {
    let folder = std::env::temp_dir().join(format!("alloy-many-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let runtime = measure::runtime();
    let journal = folder.join("rows.journal");
    match (measure, measure.strip_suffix(" journal")) {
        ("hit", _) => runtime.block_on(hit(&folder)),
        (_, Some(rows)) => runtime.block_on(memory(rows.parse().unwrap(), Some(&journal))),
        (rows, None) => runtime.block_on(memory(rows.parse().unwrap(), None)),
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Prints the peak of the heap while a batch runs.
async fn memory(rows: usize, journal: Option<&Path>) {
    // The first calls open the connections and fill every buffer that is kept.
    let mut warm_up = batch(0..500, |row: &usize| extract(*row)).concurrency(CONCURRENCY);
    while warm_up.next().await.is_some() {}

    let before = measure::heap();
    let mut results = batch(0..rows, |row: &usize| extract(*row)).concurrency(CONCURRENCY);
    if let Some(path) = journal {
        results = results.journal(path);
    }
    let (start, mut peak) = (Instant::now(), 0);
    while let Some(item) = results.next().await {
        assert_eq!(item.unwrap().result.unwrap().value.age, 25);
        peak = peak.max(measure::heap().saturating_sub(before));
    }
    let rate = f64::from(u32::try_from(rows).unwrap()) / start.elapsed().as_secs_f64();
    let journal = if journal.is_some() {
        " with a journal"
    } else {
        ""
    };
    println!(
        "batch of {rows} rows{journal}: {} kB at most, {rate:.0} rows/s",
        peak / 1000
    );
}

/// Prints the CPU time of a hit of each kind of cache, and of reading the file.
async fn hit(folder: &Path) {
    for (name, cache) in [
        ("memory", Cache::memory(10)),
        ("folder", Cache::folder(folder)),
    ] {
        let config = Config::new().cache(cache);
        let time = with_config(config, async {
            assert!(!extract(1).outcome().await.unwrap().cached);
            let start = ProcessTime::now();
            for _ in 0..HITS {
                assert!(extract(1).outcome().await.unwrap().cached);
            }
            start.elapsed() / HITS
        });
        println!("cache in {name}: {:?} of CPU for a hit", time.await);
    }
    let part = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    let file = std::fs::read_dir(part.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let start = ProcessTime::now();
    for _ in 0..HITS {
        assert!(!std::fs::read(&file).unwrap().is_empty());
    }
    println!("reading its file: {:?} of CPU", start.elapsed() / HITS);
}
