#![doc = include_str!("docs/crate.md")]

// The rooms, in the order in which data flows through them; a room uses only those above it.
#[doc(hidden)]
pub mod __private;
mod command;
mod config;
mod engine;
mod error;
mod global;
mod json;
mod message;
mod outcome;
mod output;
mod reply;
mod request;
mod route;
mod schema;
mod transport;
mod wire;

pub use self::command::{Command, Plain, Preview};
pub use self::config::{Settings, Source};
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
