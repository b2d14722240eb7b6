//! Tests of Alloy's guarantees, one module per subject. A comment such as `// E2` above a test names
//! the lines of the acceptance list that the test covers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::format_push_string,
    clippy::items_after_statements,
    clippy::needless_raw_string_hashes,
    reason = "tests fail by panicking, print why they are skipped, and contain generated snapshots"
)]

mod asking;
mod batch;
mod cache;
mod calls;
mod concurrency;
mod configuration;
mod connections;
mod declarations;
mod embedded;
mod errors;
mod examples;
mod fallback;
mod hooks;
mod journal;
mod layering;
mod live;
mod package;
mod pinned;
mod programs;
mod recovery;
mod replies;
mod routes;
mod runtimes;
mod secrets;
mod sources;
mod streams;
mod style;
mod testing_cassettes;
mod testing_fake;
mod testing_scripts;
mod tolerance;
mod tools;
mod transcripts;
mod typed;
mod types;
mod ui;
mod wild;

/// The two routes to an Ollama server. Both behave alike, so most tests run on both.
const ROUTES: [alloy_runtime::Api; 2] =
    [alloy_runtime::Api::Native, alloy_runtime::Api::OpenaiChat];

/// All kinds of errors.
const KINDS: [alloy_runtime::ErrorKind; 28] = {
    use alloy_runtime::ErrorKind;
    [
        ErrorKind::Configuration,
        ErrorKind::Prompt,
        ErrorKind::Unreachable,
        ErrorKind::WrongServer,
        ErrorKind::ModelNotFound,
        ErrorKind::ModelLoad,
        ErrorKind::ModelStopped,
        ErrorKind::Capability,
        ErrorKind::OutOfMemory,
        ErrorKind::Overloaded,
        ErrorKind::TimedOut,
        ErrorKind::ContextOverflow,
        ErrorKind::Unauthorized,
        ErrorKind::Unanswered,
        ErrorKind::Server,
        ErrorKind::Protocol,
        ErrorKind::Interrupted,
        ErrorKind::Truncated,
        ErrorKind::Empty,
        ErrorKind::Refused,
        ErrorKind::InvalidOutput,
        ErrorKind::ContractViolated,
        ErrorKind::ToolTurnLimit,
        ErrorKind::ToolAborted,
        ErrorKind::Panicked,
        ErrorKind::UnreadableRow,
        ErrorKind::Journal,
        ErrorKind::BatchStopped,
    ]
};
