#![doc = include_str!("docs/crate.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

// Data types and the error type.
mod error;
mod installed;
mod message;
mod prompt;
mod reply;

// Settings, endpoints, schemas and tools: everything that is resolved before a request is sent.
mod config;
mod endpoint;
mod output;
mod schema;
mod store;
mod tool;
mod warning;

// Protocols, the HTTP transport, and the engine in this process.
#[cfg_attr(not(feature = "embedded"), path = "embedded/disabled.rs")]
mod embedded;
mod transport;
mod wire;

// One call of a command, from the request to the outcome.
mod backend;
mod command;
mod deadline;
mod global;
mod outcome;
mod pipeline;
mod request;
mod stream;

// Functions and types for programs.
mod ask;
mod batch;
mod configure;
mod json;
mod models;

// Recorded exchanges, and stand-ins for tests.
#[cfg(feature = "testing")]
mod recording;
#[cfg(feature = "testing")]
pub mod testing;

// Items for the expansions of the macros.
#[doc(hidden)]
pub mod __private;

pub use self::ask::ask;
#[cfg(feature = "blocking")]
pub use self::batch::BlockingBatch;
pub use self::batch::{Batch, BatchItem, BatchTotals, batch, batch_stream, try_batch};
pub use self::command::{Command, IntoTool, Plain, Preview, Streamable, WithTools};
pub use self::config::{
    Api, Backend, Config, Decision, Done, IntoDuration, InvalidAnswer, KeepAlive, RetryEvent,
    SettingSource, Settings, Think,
};
pub use self::configure::{configure, replace_config, with_config, with_usage};
pub use self::endpoint::Route;
pub use self::error::{Error, ErrorKind};
pub use self::installed::InstalledModel;
pub use self::json::Json;
pub use self::message::{Image, Message, Role, ToolCall, ToolResult, ToolStatus};
pub use self::models::models;
pub use self::outcome::{Outcome, Summary};
pub use self::output::{Output, Repair, TextOutput};
pub use self::reply::{FinishReason, Timings, Usage};
pub use self::store::{Cache, Change};
pub use self::stream::{Next, TextStream};
pub use self::tool::{Abort, IntoToolOutput, Tool, ToolReturn};
pub use self::warning::Warning;

#[doc = include_str!("docs/command.md")]
pub use alloy_macros::command;
#[doc = include_str!("docs/ensure.md")]
pub use alloy_macros::ensure;
#[doc = include_str!("docs/require.md")]
pub use alloy_macros::require;
#[doc = include_str!("docs/tool.md")]
pub use alloy_macros::tool;

/// The result of a command: its value, or an [`Error`].
///
/// ```
/// use alloy_runtime::{Result, command};
///
/// // `-> User` and `-> Result<User>` declare the same command.
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> Result<String>;
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;
