//! What a tool gave back, and what the model is told of it.

use std::error::Error as StdError;

use super::Abort;
use crate::error::{BoxError, Contract, Error, excerpt};
use crate::message::ToolStatus;

/// What a call of a tool came to: the text that the model reads, or why there is none.
#[derive(Debug)]
pub struct Told(pub(crate) Result<String, Failure>);

/// Why a call of a tool has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Its arguments are not what it takes, in the words of the model's own answers.
    Arguments(String),
    /// One of its conditions does not hold.
    Broken {
        contract: Contract,
        message: &'static str,
    },
    /// It returned an error.
    Failed(BoxError),
    /// It panicked with this message.
    Panicked(String),
}

/// How a call went, and what the model is told; or the error that ends the command.
pub(crate) type Words = Result<(ToolStatus, String), BoxError>;

impl Told {
    pub(super) fn into_words(self) -> Words {
        match self.0 {
            Ok(content) => Ok((ToolStatus::Succeeded, content)),
            Err(failure) => failure.into_words(),
        }
    }
}

impl Failure {
    pub(crate) fn into_words(self) -> Words {
        let (status, beginning, reason) = match self {
            Self::Arguments(reason) => (
                ToolStatus::InvalidArguments,
                "The arguments were not accepted",
                reason,
            ),
            Self::Broken {
                contract: Contract::Require,
                message,
            } => (
                ToolStatus::RequireBroken,
                "The tool did not run",
                message.to_owned(),
            ),
            Self::Broken {
                contract: Contract::Ensure,
                message,
            } => (
                ToolStatus::EnsureBroken,
                "The result was not accepted",
                message.to_owned(),
            ),
            Self::Failed(error) if aborts(&*error) => return Err(error),
            Self::Failed(error) => (ToolStatus::Failed, "The tool failed", layers(&*error)),
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

/// Whether an error is, or is made of, an [`Abort`]. What ended a command that is a tool has ended that one.
fn aborts(error: &(dyn StdError + 'static)) -> bool {
    let found = chain(error).find(|error| error.is::<Error>() || Abort::is(*error));
    found.is_some_and(Abort::is)
}

/// How many layers of an error are looked at: one may be its own source.
const MOST_LAYERS: usize = 32;

/// An error, and the causes below it.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut layer = Some(error);
    let layers = std::iter::from_fn(move || {
        let error = layer?;
        layer = error.source();
        Some(error)
    });
    layers.take(MOST_LAYERS)
}

/// An error with the causes below it, as far as they say more.
fn layers(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    for layer in chain(error) {
        let words = layer.to_string();
        let words = words.trim().trim_end_matches('.');
        if text.is_empty() {
            text.push_str(words);
        } else if !text.ends_with(words) {
            text.extend([": ", words]);
        }
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
