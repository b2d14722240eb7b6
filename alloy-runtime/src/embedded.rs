//! The embedded engine: runs model files in this process.
//!
//! A request is the bytes of its body, as on every other route, and its reply is returned in pieces. Each file has one
//! thread. The thread loads the file once, answers requests in their order, and ends when no request was received for
//! the time in `keep_alive`.

mod architecture;
mod clock;
mod engine;
mod error;
mod file_role;
#[cfg(fuzzing)]
mod fuzz;
mod generated_text;
mod generation;
mod generator;
mod gguf;
mod grammar;
mod model;
mod model_file;
mod prefix_cache;
mod request;
mod sampler;
mod template;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]
mod tests;
mod tokenizer;
mod tool_calls;
mod worker;

pub(crate) use self::engine::{Engine, canonical_path};
#[cfg(fuzzing)]
pub(crate) use self::fuzz::try_file;
pub(crate) use self::generation::Generation;
