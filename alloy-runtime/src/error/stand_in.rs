//! Errors that a test makes up.

use std::time::Duration;

use super::{
    AnswerError, BatchError, ConfigurationError, ConnectionError, Contract, Error, ErrorKind,
    ServerError, TimeLimit, ToolCallError,
};

impl Error {
    /// Creates an error of a kind, with made-up data, that is returned at once. `path` and `tool` are used by the kinds
    /// that have them.
    pub(crate) fn of_kind(kind: ErrorKind, path: &str, tool: &'static str) -> Self {
        let mut error = Self::made_up(kind, path, tool);
        error.0.context.is_final = true;
        error
    }

    fn made_up(kind: ErrorKind, path: &str, tool: &'static str) -> Self {
        let text = || "made up by a test".to_owned();
        let connection = |error: ConnectionError| Self::new(error);
        match kind {
            ErrorKind::Configuration => Self::configuration(text(), ""),
            ErrorKind::Prompt => Self::new(ConfigurationError::Prompt).with_source(text()),
            ErrorKind::Unreachable => connection(ConnectionError::Unreachable {
                unknown_host: false,
            }),
            ErrorKind::WrongServer => connection(ConnectionError::WrongServer {
                found: text().into(),
                excerpt: String::new(),
            }),
            ErrorKind::TimedOut => connection(ConnectionError::TimedOut {
                limit: TimeLimit::Total,
                after: Duration::from_secs(1),
            }),
            ErrorKind::Interrupted => connection(ConnectionError::Interrupted { begun: true }),
            ErrorKind::Unanswered => connection(ConnectionError::Unanswered {
                message: text(),
                help: String::new(),
            }),
            ErrorKind::ModelNotFound => Self::new(ServerError::ModelNotFound {
                similar: Vec::new(),
                is_pinned: false,
            }),
            ErrorKind::ModelLoad => Self::new(ServerError::ModelLoad { text: text() }),
            ErrorKind::ModelStopped => Self::new(ServerError::ModelStopped { text: text() }),
            ErrorKind::Capability => Self::new(ServerError::Capability {
                missing: "tools".to_owned(),
                capable: Vec::new(),
            }),
            ErrorKind::OutOfMemory => Self::new(ServerError::OutOfMemory { text: text() }),
            ErrorKind::Overloaded => Self::new(ServerError::Overloaded {
                status: 503,
                text: text(),
            }),
            ErrorKind::ContextOverflow => Self::new(ServerError::ContextOverflow { text: text() }),
            ErrorKind::Unauthorized => Self::new(ServerError::Unauthorized {
                status: 401,
                text: text(),
            }),
            ErrorKind::Server => Self::new(ServerError::Status {
                status: 500,
                text: text(),
            }),
            ErrorKind::Protocol => Self::new(ServerError::Protocol {
                found: text().into(),
                excerpt: String::new(),
            }),
            ErrorKind::Truncated => Self::new(AnswerError::Truncated { tokens: None }),
            ErrorKind::Empty => Self::new(AnswerError::Empty),
            ErrorKind::Refused => Self::new(AnswerError::Refused { text: text() }),
            ErrorKind::InvalidOutput => Self::new(AnswerError::InvalidOutput {
                output: "T",
                path: path.to_owned(),
                problem: text(),
                others: Vec::new(),
                excerpt: String::new(),
            }),
            ErrorKind::ContractViolated => Self::new(ToolCallError::Contract {
                tool,
                contract: Contract::Require,
                message: "made up by a test",
            }),
            ErrorKind::ToolTurnLimit => Self::new(ToolCallError::ToolTurnLimit {
                turns: 10,
                called: vec![tool.to_owned()],
            }),
            ErrorKind::ToolAborted => Self::new(ToolCallError::Aborted {
                tool: tool.to_owned(),
            })
            .with_source(text()),
            ErrorKind::Panicked => Self::new(BatchError::Panicked { message: text() }),
            ErrorKind::Journal => Self::new(BatchError::Journal { problem: text() }),
            ErrorKind::UnreadableRow => {
                Self::new(BatchError::UnreadableRow { index: 0 }).with_source(text())
            }
            ErrorKind::BatchStopped => Self::new(BatchError::Stopped {
                reason: text(),
                help: String::new(),
                not_begun: None,
            }),
        }
    }
}
