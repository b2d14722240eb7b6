//! The results of a command's tool calls.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A tool call with its result, from [`Outcome::tool_results`](crate::Outcome::tool_results).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolResult {
    /// The number of the tool turn that the call belongs to, starting at 1.
    pub turn: u32,
    /// The tool's name, as the model wrote it.
    pub name: String,
    /// The arguments, as the model wrote them.
    pub arguments: Value,
    /// The text that the model read: the result, or the error.
    pub content: String,
    /// The status of the call.
    pub status: ToolStatus,
}

/// The status of a tool call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolStatus {
    /// The tool returned a result.
    Succeeded,
    /// The command has no tool with that name.
    UnknownTool,
    /// The arguments are not valid. The tool did not run.
    InvalidArguments,
    /// A `#[require]` condition does not hold. The tool did not run.
    RequireFailed,
    /// An `#[ensure]` condition does not hold. The model does not see the result.
    EnsureFailed,
    /// The tool returned an error or panicked.
    Failed,
}
