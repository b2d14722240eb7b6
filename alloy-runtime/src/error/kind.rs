//! The kinds of errors that a program can branch on.

use std::fmt;

/// The kind of an [`Error`](crate::Error).
///
/// New features add kinds: match with a `_` arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is missing or not valid. Nothing was sent, unless the server rejected the model's name.
    Configuration,
    /// The prompt could not be built: the command's body returned an error with `?`, or a parameter or a
    /// `.context(…)` could not be formatted. Nothing was sent.
    Prompt,
    /// Nothing listens at the server's address, or the host name does not resolve.
    Unreachable,
    /// The program that answers at the address is not Ollama, or does not speak Chat Completions for an `openai:` model.
    WrongServer,
    /// The server does not have the model, or the model file does not exist.
    ModelNotFound,
    /// The server has the model but could not start it, or a model file cannot be run.
    ModelLoad,
    /// The model ended while it ran on the server.
    ModelStopped,
    /// The model does not support a feature of the request, for example images, thinking or tools.
    Capability,
    /// The server has too little memory for the model.
    OutOfMemory,
    /// The server is too busy to accept the request, or a quota is used up.
    Overloaded,
    /// A time limit of the command passed.
    TimedOut,
    /// The prompt is longer than the model's context.
    ContextOverflow,
    /// The server requires a key, or rejected the one it received.
    Unauthorized,
    /// A test backend has no reply for the request, or requests are forbidden.
    Unanswered,
    /// The server reported an error that has no kind here.
    Server,
    /// The reply does not follow the protocol.
    Protocol,
    /// The reply ended before it was complete.
    Interrupted,
    /// The token limit cut the answer.
    Truncated,
    /// The answer has no text.
    Empty,
    /// The model refused to answer, and its server reports that apart from the answer.
    Refused,
    /// The answer is not a value of the output type, or violates a limit of its schema or an `#[ensure]`.
    InvalidOutput,
    /// A `#[require]` or `#[ensure]` of a tool does not hold in a call from Rust. In a call by a model, the model
    /// gets the message and the command continues.
    ContractViolated,
    /// The model still called tools after the number of turns that `max_tool_turns` allows.
    ToolTurnLimit,
    /// A tool ended the command on purpose, with an [`Abort`](crate::Abort).
    ToolAborted,
    /// Code of the program panicked in a command of a [`batch`](crate::batch).
    Panicked,
    /// The input of a [`batch`](crate::batch) gave an error in place of a row.
    UnreadableRow,
    /// The journal of a batch cannot be read or written. The batch stops.
    Journal,
    /// A [`batch`](crate::batch) ended before all its rows were begun.
    BatchStopped,
}

impl ErrorKind {
    /// Returns the kind's name in lower case with underscores, for logs and metrics.
    ///
    /// ```
    /// use alloy_runtime::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::ModelNotFound.as_str(), "model_not_found");
    /// assert_eq!(ErrorKind::TimedOut.to_string(), "timed_out");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Prompt => "prompt",
            Self::Unreachable => "unreachable",
            Self::WrongServer => "wrong_server",
            Self::ModelNotFound => "model_not_found",
            Self::ModelLoad => "model_load",
            Self::ModelStopped => "model_stopped",
            Self::Capability => "capability",
            Self::OutOfMemory => "out_of_memory",
            Self::Overloaded => "overloaded",
            Self::TimedOut => "timed_out",
            Self::ContextOverflow => "context_overflow",
            Self::Unauthorized => "unauthorized",
            Self::Unanswered => "unanswered",
            Self::Server => "server",
            Self::Protocol => "protocol",
            Self::Interrupted => "interrupted",
            Self::Truncated => "truncated",
            Self::Empty => "empty",
            Self::Refused => "refused",
            Self::InvalidOutput => "invalid_output",
            Self::ContractViolated => "contract_violated",
            Self::ToolTurnLimit => "tool_turn_limit",
            Self::ToolAborted => "tool_aborted",
            Self::Panicked => "panicked",
            Self::UnreadableRow => "unreadable_row",
            Self::Journal => "journal",
            Self::BatchStopped => "batch_stopped",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
