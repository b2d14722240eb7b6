//! Errors of a batch.

use std::borrow::Cow;

use super::context::ErrorContext;
use super::kind::ErrorKind;
use super::origin::ErrorOrigin;
use super::text::counted;

#[derive(Debug)]
pub(crate) enum BatchError {
    /// The batch ended before all rows were begun.
    Stopped {
        reason: String,
        help: String,
        /// Number of rows that were not begun; `None` if the input does not know its length.
        not_begun: Option<usize>,
    },
    /// The input gave an error in place of a row.
    UnreadableRow { index: usize },
    /// The journal of the batch cannot be read or written.
    Journal { problem: String },
    /// Code of the program panicked while it ran in a command.
    Panicked { message: String },
}

impl ErrorOrigin for BatchError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Stopped { .. } => ErrorKind::BatchStopped,
            Self::UnreadableRow { .. } => ErrorKind::UnreadableRow,
            Self::Journal { .. } => ErrorKind::Journal,
            Self::Panicked { .. } => ErrorKind::Panicked,
        }
    }

    fn message(&self, _context: &ErrorContext) -> String {
        match self {
            Self::Stopped {
                reason, not_begun, ..
            } => {
                let not_begun = match not_begun {
                    Some(0) => "all rows had begun".to_owned(),
                    Some(1) => "1 row was not begun".to_owned(),
                    Some(rows) => format!("{} were not begun", counted(*rows as u64, "row")),
                    None => "the rows that follow were not begun".to_owned(),
                };
                format!("the batch stopped: {reason}; {not_begun}")
            }
            Self::Journal { problem } => problem.clone(),
            Self::UnreadableRow { index } => format!("row {index} could not be read"),
            Self::Panicked { message } => format!("the program panicked in a command: {message}"),
        }
    }

    fn help(&self, _context: &ErrorContext) -> Cow<'static, str> {
        match self {
            Self::Stopped { help, .. } => help.clone().into(),
            Self::UnreadableRow { .. } => {
                "Look at the source, and correct that row of the input. The batch continues with the next row.".into()
            }
            Self::Journal { .. } => {
                "Look at the disk and at the rights of the file. What was written before is kept: run the batch again.".into()
            }
            Self::Panicked { .. } => "The panic is in code of the program that the batch called: the closure, the command's body, an `#[ensure]`, a hook, or the `Deserialize` of the output type.".into(),
        }
    }

    fn foreign_texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::Stopped { reason, .. } => vec![reason],
            Self::Journal { problem } => vec![problem],
            Self::UnreadableRow { .. } | Self::Panicked { .. } => Vec::new(),
        }
    }
}
