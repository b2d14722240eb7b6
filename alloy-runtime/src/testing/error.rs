//! Errors of commands for tests.

use crate::ErrorKind;
use crate::error::Error;
use crate::reply::Usage;

/// Begins an error of a kind, as a command would return it, for the tests of code that handles errors.
///
/// ```
/// use alloy_runtime::testing;
/// use alloy_runtime::{Error, ErrorKind};
///
/// fn status(error: &Error) -> u16 {
///     match error.kind() {
///         ErrorKind::Overloaded | ErrorKind::Unreachable => 503,
///         ErrorKind::InvalidOutput => 502,
///         _ => 500,
///     }
/// }
///
/// assert_eq!(status(&testing::error(ErrorKind::Overloaded).build()), 503);
/// let invalid = testing::error(ErrorKind::InvalidOutput).path("age").partial_text("{}").build();
/// assert_eq!((status(&invalid), invalid.path()), (502, Some("age")));
/// ```
pub fn error(kind: ErrorKind) -> ErrorBuilder {
    ErrorBuilder {
        kind,
        command: "command",
        model: "test".to_owned(),
        partial_text: None,
        attempts: 0,
        usage: None,
        path: ".".to_owned(),
        tool: "tool",
    }
}

/// An error that is being built. Returned by [`error`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ErrorBuilder {
    kind: ErrorKind,
    command: &'static str,
    model: String,
    partial_text: Option<String>,
    attempts: u32,
    usage: Option<Usage>,
    path: String,
    tool: &'static str,
}

impl ErrorBuilder {
    /// Sets the name of the command; `command` by default.
    pub fn command(self, command: &'static str) -> Self {
        Self { command, ..self }
    }

    /// Sets the name of the model; `test` by default.
    pub fn model(self, model: impl Into<String>) -> Self {
        let model = model.into();
        Self { model, ..self }
    }

    /// Sets the text that was received before the error.
    pub fn partial_text(self, text: impl Into<String>) -> Self {
        let partial_text = Some(text.into());
        Self {
            partial_text,
            ..self
        }
    }

    /// Sets the number of answers that were read before the error; 0 by default.
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// Sets the tokens of the prompts and of the answers before the error.
    pub fn usage(self, prompt_tokens: u64, completion_tokens: u64) -> Self {
        let usage = Some(Usage::new(Some(prompt_tokens), Some(completion_tokens)));
        Self { usage, ..self }
    }

    /// Sets the path of the invalid field, for [`ErrorKind::InvalidOutput`].
    pub fn path(self, path: impl Into<String>) -> Self {
        let path = path.into();
        Self { path, ..self }
    }

    /// Sets the tool, for [`ErrorKind::ToolAborted`] and [`ErrorKind::ContractViolated`].
    pub fn tool(self, tool: &'static str) -> Self {
        Self { tool, ..self }
    }

    /// Returns the error.
    #[must_use]
    pub fn build(&self) -> Error {
        let mut error = Error::of_kind(self.kind, &self.path, self.tool)
            .with_command(self.command)
            .with_model(&self.model);
        if let Some(text) = &self.partial_text {
            error = error.with_partial_text(text.clone());
        }
        match (self.attempts, self.usage) {
            (0, None) => error,
            (attempts, usage) => error
                .with_counters(attempts.max(1), attempts.max(1), 0)
                .with_usage(attempts, usage.unwrap_or_default()),
        }
    }
}
