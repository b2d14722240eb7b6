//! What came of the calls of a command's tools.

use serde_json::Value;

/// A call of a tool, and what the model was told of it: see
/// [`Outcome::tool_results`](crate::Outcome::tool_results).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolResult {
    /// In which turn of tool calls it was, from 1.
    pub turn: u32,
    /// The tool's name, as the model wrote it.
    pub name: String,
    /// The arguments, as the model wrote them.
    pub arguments: Value,
    /// What the model was told: the result, or why there is none.
    pub content: String,
    /// Whether it worked.
    pub status: ToolStatus,
}

/// How a call of a tool went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ToolStatus {
    /// It gave its result.
    Succeeded,
    /// There is no tool of that name.
    UnknownTool,
    /// The arguments are not what it takes: it did not run.
    InvalidArguments,
    /// One of its `#[require]` does not hold: it did not run.
    RequireBroken,
    /// One of its `#[ensure]` does not hold: the model does not see the result.
    EnsureBroken,
    /// It returned an error, or panicked.
    Failed,
}
