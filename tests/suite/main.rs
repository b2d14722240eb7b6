//! What Alloy promises, one module a subject. A test's comment names the lines of the acceptance list
//! that it holds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::format_push_string,
    clippy::items_after_statements,
    clippy::needless_raw_string_hashes,
    reason = "tests fail by panicking, say why they were skipped, and have snapshots that a tool writes"
)]

mod asking;
mod calls;
mod configuration;
mod connections;
mod declarations;
mod embedded;
mod errors;
mod examples;
mod layering;
mod live;
mod package;
mod programs;
mod recovery;
mod routes;
mod runtimes;
mod secrets;
mod streams;
mod tolerance;
mod tools;
mod transcripts;
mod typed;
mod types;
mod ui;
mod wild;

/// The two routes to an Ollama server. What holds on one holds on the other: most tests run on both.
const ROUTES: [alloy_runtime::Api; 2] =
    [alloy_runtime::Api::Native, alloy_runtime::Api::OpenaiChat];
