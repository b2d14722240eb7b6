//! Measures how the cost of reading an answer grows with its length: by the strict parser, by the lenient parser with
//! repairs in each line, and for texts that only look like an answer.
//!
//! ```text
//! cargo bench --bench reading
//! ```
//!
//! The measurement covers whole calls to a server in this process, in CPU time of the calling thread. Goal: the cost
//! per byte is the same at 25 kB and at 200 kB, a ratio of about 1. It may be lower, because each call also has a
//! fixed cost.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its results and reads its environment"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use alloy_runtime::{Error, command};
use alloy_tests::server::{Reply, Server};
use cpu_time::ThreadTime;
use serde::Deserialize;

/// Writes an answer of about this many bytes.
type Answer = fn(usize) -> String;

const ROUNDS: usize = 15;
const SMALL: usize = 25_000;
const LARGE: usize = 200_000;

#[derive(Deserialize, schemars::JsonSchema)]
struct Report {
    rows: Vec<Row>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Row {
    name: String,
    #[schemars(range(max = 1000))]
    count: u32,
    rate: Option<f64>,
}

#[command("Report", model = "m")]
async fn report() -> Report;

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let cases: [(&str, Answer); 6] = [
        ("strict", |bytes| {
            rows(bytes, r#"{"name":"a b c","count":7,"rate":0.5}"#)
        }),
        ("lenient repair", |bytes| {
            let row = r#"{"name":"a b c","count":"7","rate":"0.5","more":null}"#;
            format!(
                "<think>\nHm.\n</think>\nHere it is:\n```json\n{}\n```",
                rows(bytes, row)
            )
        }),
        ("lenient braces", |bytes| "{".repeat(bytes)),
        ("lenient openings", |bytes| {
            r#"{"rows":[{"#.repeat(bytes / 10)
        }),
        ("lenient prose", |bytes| {
            "A { in \"text, and [ more }. ".repeat(bytes / 28)
        }),
        ("lenient cut", |bytes| {
            let mut text = rows(bytes, r#"{"name":"a b c","count":"7","rate":0.5}"#);
            text.truncate(bytes - 10);
            text
        }),
    ];
    for (name, text) in cases {
        let small = cost(&text(SMALL));
        let large = cost(&text(LARGE));
        let ratio = (large.as_secs_f64() / 8.0) / small.as_secs_f64();
        println!("{name} cost_per_byte 200kB/25kB ratio={ratio:.2}");
    }
}

/// Returns a report of about `bytes` bytes.
fn rows(bytes: usize, row: &str) -> String {
    let mut text = String::from("{\"rows\":[");
    while text.len() + row.len() < bytes {
        let _ = write!(text, "{row},");
    }
    text + row + "]}"
}

/// Returns the CPU time of one call with this answer, the median of several.
fn cost(answer: &str) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = Server::start(vec![Reply::answer(answer); ROUNDS]);
    let mut costs: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let command = report()
                .host(server.host())
                .auto_finalize_missing_output(false);
            let start = ThreadTime::now();
            let read: Result<Report, Error> = runtime.block_on(command);
            let cost = start.elapsed();
            let rows = read.iter().flat_map(|report| &report.rows);
            black_box(
                rows.map(|row| (row.name.len(), row.count, row.rate))
                    .max_by_key(|row| row.0),
            );
            cost
        })
        .collect();
    costs.sort();
    costs[ROUNDS / 2]
}
