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

mod calls;
mod connections;
mod declarations;
mod errors;
mod examples;
mod layering;
mod live;
mod package;
mod programs;
mod secrets;
mod transcripts;
mod typed;
mod ui;
