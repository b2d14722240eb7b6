#![doc = include_str!("docs/crate.md")]

// Plain data, and the one error type.
mod error;
mod message;
mod reply;

// What is decided before anything is sent.
mod config;
mod output;
mod route;
mod schema;

// Bytes, and their way over the network.
mod transport;
mod wire;

// One call, from its request to its outcome.
mod command;
mod engine;
mod global;
mod outcome;
mod request;

// What declarations use.
#[doc(hidden)]
pub mod __private;
mod json;

pub use self::command::{Command, Plain, Preview};
pub use self::config::Settings;
pub use self::error::{Error, ErrorKind};
pub use self::json::Json;
pub use self::message::{Message, Role};
pub use self::outcome::Outcome;
pub use self::output::Output;
pub use self::reply::{FinishReason, Timings, Usage};
pub use self::route::{Api, Route};

#[doc = include_str!("docs/command.md")]
pub use alloy_macros::command;

/// What a command gives: its value, or an [`Error`].
///
/// ```
/// use alloy_runtime::{Result, command};
///
/// // `-> User` and `-> Result<User>` declare the same command.
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> Result<String>;
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;
