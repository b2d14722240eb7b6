//! What a program is told, and asked, while a command runs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Settings;
use crate::error::Error;

/// An answer that was rejected, as [`on_invalid`](crate::Command::on_invalid) gets it: one that is missing
/// or not valid.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct InvalidAnswer<'a> {
    /// The command's name.
    pub command: &'a str,
    /// Which answer of the command this is: 1 for the first.
    pub attempt: u32,
    /// The answer, as the model wrote it.
    pub text: &'a str,
    /// Why it was rejected: of kind [`InvalidOutput`](crate::ErrorKind::InvalidOutput) or
    /// [`Empty`](crate::ErrorKind::Empty).
    pub error: &'a Error,
}

/// What becomes of a rejected answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// What [`retry`](crate::Command::retry) and
    /// [`auto_finalize_missing_output`](crate::Command::auto_finalize_missing_output) say: for a hook that
    /// only looks.
    BySettings,
    /// Ask again, even where the settings would not, until the model has given ten answers in all; or more,
    /// where the settings allow more. After the last one the command ends with the error.
    Retry,
    /// End the command with the error, even where the settings would ask again.
    Stop,
}

/// A further answer or a further send that is about to be tried, as
/// [`on_retry`](crate::Command::on_retry) gets it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NextTry<'a> {
    /// The command's name.
    pub command: &'a str,
    /// Which answer of the command is asked for: 2 for the second.
    pub attempt: u32,
    /// Which send of that request this is: 1 where another answer is asked for, more where the same request
    /// is sent once more.
    pub send: u32,
    /// How long is waited before it: not at all where another answer is asked for.
    pub pause: Duration,
    /// Why: the last answer was rejected, the connection was lost before its reply began, or the server was
    /// busy or failed in a way that may pass.
    pub error: &'a Error,
}

/// A function that is asked about rejected answers. `Debug` says that there is one.
#[derive(Clone)]
pub(crate) struct OnInvalid(Arc<dyn Fn(&InvalidAnswer<'_>) -> Decision + Send + Sync>);

/// A function that hears of each further try. `Debug` says that there is one.
#[derive(Clone)]
pub(crate) struct OnRetry(Arc<dyn Fn(&NextTry<'_>) + Send + Sync>);

impl OnInvalid {
    pub(crate) fn new(
        decide: impl Fn(&InvalidAnswer<'_>) -> Decision + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(decide))
    }
}

impl OnRetry {
    pub(crate) fn new(hear: impl Fn(&NextTry<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }
}

impl Settings {
    /// Asks what becomes of a rejected answer.
    pub(crate) fn decide(&self, invalid: &InvalidAnswer<'_>) -> Decision {
        match &self.on_invalid {
            Some(on_invalid) => (on_invalid.value.0)(invalid),
            None => Decision::BySettings,
        }
    }

    /// Tells that something is tried again.
    pub(crate) fn tell(&self, next: &NextTry<'_>) {
        if let Some(on_retry) = &self.on_retry {
            (on_retry.value.0)(next);
        }
    }
}

impl fmt::Debug for OnInvalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function")
    }
}

impl fmt::Debug for OnRetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function")
    }
}
