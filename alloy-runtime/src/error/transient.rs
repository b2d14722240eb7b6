//! Errors after which a request, or a command, may be tried again.

use std::time::Duration;

use super::{ConnectionError, Detail, Error, ErrorKind, ServerError, TimeLimit};

impl Error {
    /// Returns `true` if the same command may succeed later without a change: the server is busy or not running, a time
    /// limit passed, the connection or the model stopped, or the server failed (status 500 and above).
    ///
    /// An invalid answer is not transient: the command has asked again as often as its settings allow.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// let error = hello().temperature(3.0).preview().unwrap_err();
    /// assert!(!error.is_transient());
    /// ```
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.kind() {
            ErrorKind::Unreachable
            | ErrorKind::TimedOut
            | ErrorKind::Overloaded
            | ErrorKind::Interrupted
            | ErrorKind::ModelStopped => true,
            ErrorKind::Server => matches!(
                &self.0.detail,
                Detail::Server(ServerError::Status { status: 500.., .. })
            ),
            _ => false,
        }
    }

    /// Returns the pause that the server asked for before the next request, by the header `Retry-After`.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.context.retry_after
    }

    pub(crate) fn with_retry_after(mut self, pause: Option<Duration>) -> Self {
        self.0.context.retry_after = pause;
        self
    }

    /// Returns `true` if another model may answer where this one could not. A time limit of the command, an invalid
    /// answer and a tool that ran are no reason.
    pub(crate) fn is_reason_to_fall_back(&self) -> bool {
        let is_reason = match self.kind() {
            ErrorKind::Unreachable
            | ErrorKind::ModelNotFound
            | ErrorKind::ModelLoad
            | ErrorKind::OutOfMemory
            | ErrorKind::Capability
            | ErrorKind::Overloaded => true,
            ErrorKind::TimedOut => matches!(
                &self.0.detail,
                Detail::Connection(ConnectionError::TimedOut {
                    limit: TimeLimit::Connect | TimeLimit::Idle,
                    ..
                })
            ),
            _ => false,
        };
        is_reason && self.tool_turns() == 0
    }

    /// Returns how often a request that ends in this error may be sent in total.
    pub(crate) fn max_transmissions(&self) -> u32 {
        let names_pause = self.retry_after().is_some();
        let most = self.0.detail.origin().max_transmissions(names_pause);
        if self.0.context.is_final { 1 } else { most }
    }
}
