#![doc = include_str!("docs/crate.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

// Plain data, and the one error type.
mod error;
mod installed;
mod message;
mod prompt;
mod reply;

// What is decided before anything is sent.
mod config;
mod output;
mod route;
mod schema;
mod tool;
mod warning;

// Bytes, and their way over the network; or to the engine in this process.
#[cfg_attr(not(feature = "embedded"), path = "embedded/absent.rs")]
mod embedded;
mod transport;
mod wire;

// One call, from its request to its outcome.
mod command;
mod global;
mod outcome;
mod pipeline;
mod request;
mod stream;

// What programs call.
mod ask;
mod configure;
mod json;
mod models;

// What declarations use.
#[doc(hidden)]
pub mod __private;

pub use self::ask::ask;
pub use self::command::{CanStream, Command, Plain, Preview, WithTools};
pub use self::config::{
    Api, Backend, Config, Decision, InvalidAnswer, KeepAlive, NextTry, Settings, Source, Think,
};
pub use self::configure::{configure, replace_config, with_config};
pub use self::error::{Error, ErrorKind};
pub use self::installed::Model;
pub use self::json::Json;
pub use self::message::{Image, Message, Role, ToolCall, ToolResult, ToolStatus};
pub use self::models::models;
pub use self::outcome::{Outcome, Summary};
pub use self::output::{Output, Repair, Streamed};
pub use self::reply::{FinishReason, Timings, Usage};
pub use self::route::Route;
pub use self::stream::{Next, TextStream};
pub use self::tool::{Abort, Returned, Tool, ToolReturn};
pub use self::warning::Warning;

#[doc = include_str!("docs/command.md")]
pub use alloy_macros::command;
#[doc = include_str!("docs/ensure.md")]
pub use alloy_macros::ensure;
#[doc = include_str!("docs/require.md")]
pub use alloy_macros::require;
#[doc = include_str!("docs/tool.md")]
pub use alloy_macros::tool;

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
