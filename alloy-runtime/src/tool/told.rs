//! What a tool gave back, and what the model is told of it.

use std::any::Any;
use std::error::Error as StdError;

use super::{Abort, ToolStatus};
use crate::error::{BoxError, Contract, Error, excerpt};

/// What a call of a tool came to: the text that the model reads, or why there is none.
#[derive(Debug)]
pub struct Told(pub(crate) Result<String, Failure>);

/// Why a call of a tool has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Its arguments are not what it takes, in the words of the model's own answers.
    Arguments(String),
    /// It returned an error.
    Failed { error: BoxError, means: Means },
    /// It panicked with this message.
    Panicked(String),
}

/// What an error of a tool means.
#[derive(Debug, PartialEq)]
pub(crate) enum Means {
    /// That of this tool a condition does not hold.
    Contract {
        tool: &'static str,
        broken: Contract,
        message: &'static str,
    },
    /// That the command ends.
    Abort,
    /// That it failed.
    Failure,
}

impl Means {
    /// What is found in an error, or below it.
    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut layer = Some(error);
        while let Some(error) = layer {
            if error.is::<Abort>() {
                return Self::Abort;
            }
            let own = error.downcast_ref::<Error>();
            if let Some((tool, broken, message)) = own.and_then(Error::contract) {
                return Self::Contract {
                    tool,
                    broken,
                    message,
                };
            }
            layer = error.source();
        }
        Self::Failure
    }
}

impl Failure {
    /// What the model is told by `tool`, or the error that ends the command.
    pub(crate) fn into_words(self, tool: &str) -> Result<(ToolStatus, String), BoxError> {
        let (status, beginning, reason) = match self {
            Self::Arguments(reason) => (
                ToolStatus::ArgumentsRefused,
                "The arguments were not accepted",
                reason,
            ),
            Self::Failed {
                error,
                means: Means::Abort,
            } => return Err(error),
            // What a tool calls may have conditions of its own.
            Self::Failed {
                means:
                    Means::Contract {
                        tool: own,
                        broken,
                        message,
                    },
                ..
            } if own == tool => match broken {
                Contract::Require => (
                    ToolStatus::NotRun,
                    "The tool did not run",
                    message.to_owned(),
                ),
                Contract::Ensure => (
                    ToolStatus::ResultRefused,
                    "The result was not accepted",
                    message.to_owned(),
                ),
            },
            Self::Failed { error, .. } => (ToolStatus::Failed, "The tool failed", layers(&*error)),
            Self::Panicked(message) => (
                ToolStatus::Failed,
                "The tool failed",
                format!("it panicked: {message}"),
            ),
        };
        let reason = reason.trim().trim_end_matches('.');
        Ok((status, format!("{beginning}: {reason}.")))
    }
}

/// An error with the causes below it, as far as they say more.
fn layers(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        let words = cause.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        below = cause.source();
    }
    text
}

/// What the model is told where it calls a tool that is none.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    format!(
        "There is no tool named {:?}. Tools: {}.",
        excerpt(name),
        known.join(", ")
    )
}

/// The message of a panic.
pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Failure {
    let message = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned());
    Failure::Panicked(message.unwrap_or_else(|| "without a message".to_owned()))
}
