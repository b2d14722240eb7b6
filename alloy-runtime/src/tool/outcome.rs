//! The outcome of a tool call, and the message that the model reads about it.

use std::error::Error as StdError;

use super::abort::Abort;
use crate::error::{BoxError, Contract, Error, excerpt};
use crate::message::ToolStatus;

/// The outcome of a tool call: the result that the model reads, or the error.
#[derive(Debug)]
pub struct ToolOutcome(pub(crate) Result<String, ToolFailure>);

/// The reason why a tool call has no result.
#[derive(Debug)]
pub(crate) enum ToolFailure {
    /// The arguments are not valid. The text has the form of the reasons for which answers are rejected.
    Arguments(String),
    /// A condition of `#[require]` or `#[ensure]` does not hold.
    Contract {
        contract: Contract,
        message: &'static str,
    },
    /// The tool returned an error.
    Failed(BoxError),
    /// The tool panicked with this message.
    Panicked(String),
}

/// The status of a call and the text of the message to the model, or the error that ends the command.
pub(crate) type ToolMessage = Result<(ToolStatus, String), BoxError>;

impl ToolOutcome {
    pub(super) fn into_message(self) -> ToolMessage {
        match self.0 {
            Ok(content) => Ok((ToolStatus::Succeeded, content)),
            Err(failure) => failure.into_message(),
        }
    }
}

impl ToolFailure {
    pub(crate) fn into_message(self) -> ToolMessage {
        let (status, summary, reason) = match self {
            Self::Arguments(reason) => (
                ToolStatus::InvalidArguments,
                "The arguments were not accepted",
                reason,
            ),
            Self::Contract {
                contract: Contract::Require,
                message,
            } => (
                ToolStatus::RequireFailed,
                "The tool did not run",
                message.to_owned(),
            ),
            Self::Contract {
                contract: Contract::Ensure,
                message,
            } => (
                ToolStatus::EnsureFailed,
                "The result was not accepted",
                message.to_owned(),
            ),
            Self::Failed(error) if is_abort(&*error) => return Err(error),
            Self::Failed(error) => (ToolStatus::Failed, "The tool failed", with_causes(&*error)),
            Self::Panicked(message) => (
                ToolStatus::Failed,
                "The tool failed",
                format!("it panicked: {message}"),
            ),
        };
        let reason = reason.trim().trim_end_matches('.');
        Ok((status, format!("{summary}: {reason}.")))
    }
}

/// Returns `true` if an error or one of its causes is an [`Abort`]. The causes of a command's error do not count: an
/// `Abort` among them has already ended that command.
fn is_abort(error: &(dyn StdError + 'static)) -> bool {
    let found = chain(error).find(|error| error.is::<Error>() || Abort::is_abort(*error));
    found.is_some_and(Abort::is_abort)
}

/// The number of causes that are visited. An error may be its own source.
const MAX_CAUSES: usize = 32;

/// Iterates over an error and its causes.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    let errors = std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    });
    errors.take(MAX_CAUSES)
}

/// Returns the message of an error, followed by those of its causes. A message that the text already ends with is
/// skipped.
fn with_causes(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    for error in chain(error) {
        let message = error.to_string();
        let message = message.trim().trim_end_matches('.');
        if text.is_empty() {
            text.push_str(message);
        } else if !text.ends_with(message) {
            text.extend([": ", message]);
        }
    }
    text
}

/// Returns the message to a model that called a tool which does not exist.
pub(super) fn unknown_tool<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    format!(
        "There is no tool named {:?}. Tools: {}.",
        excerpt(name),
        known.join(", ")
    )
}
