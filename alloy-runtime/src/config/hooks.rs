//! Functions of a program that are called while a command runs.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::reply::Usage;

/// A rejected answer, one that is missing or not valid. Argument of
/// [`on_invalid`](crate::Command::on_invalid).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct InvalidAnswer<'a> {
    /// Name of the command.
    pub command: &'a str,
    /// Number of this answer within the command; the first is 1.
    pub attempt: u32,
    /// The answer as the model wrote it.
    pub text: &'a str,
    /// The reason for the rejection, an error of kind [`InvalidOutput`](crate::ErrorKind::InvalidOutput) or
    /// [`Empty`](crate::ErrorKind::Empty).
    pub error: &'a Error,
}

/// Decision about a rejected answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Follow [`retry`](crate::Command::retry) and
    /// [`auto_finalize_missing_output`](crate::Command::auto_finalize_missing_output), for a hook that only
    /// observes.
    FollowSettings,
    /// Request another answer even if the settings do not allow it, up to ten answers in total, or more if
    /// the settings allow more. After the last one, the command ends with the error.
    Retry,
    /// End the command with the error even if the settings allow another answer.
    Stop,
}

/// A request that is about to be made after a failure: for another answer, or the same request again.
/// Argument of [`on_retry`](crate::Command::on_retry).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RetryEvent<'a> {
    /// Name of the command.
    pub command: &'a str,
    /// Number of the requested answer within the command; the second is 2.
    pub attempt: u32,
    /// Number of this transmission of the request: 1 if another answer is requested, more if the same
    /// request is sent again.
    pub transmission: u32,
    /// Pause before the request; zero if another answer is requested.
    pub pause: Duration,
    /// The cause: the last answer was rejected, the connection was lost before the reply began, or the server
    /// was busy or failed temporarily.
    pub error: &'a Error,
}

/// A command or a stream that has ended. Argument of [`Config::on_done`](crate::Config::on_done).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Done<'a> {
    /// Name of the command.
    pub command: &'a str,
    /// The model's name as it was sent: that of the last model that was asked.
    pub model: &'a str,
    /// The server's address without credentials, or `gguf:` and the path of a model file.
    pub endpoint: &'a str,
    /// Time since the first poll.
    pub duration: Duration,
    /// The tokens of all replies, those of rejected answers included.
    pub usage: Usage,
    /// Number of answers that were read.
    pub attempts: u32,
    /// Number of requests that were sent.
    pub requests: u32,
    /// The kind of the error that the command ended with; `None` for success and for a cancelled command.
    pub error: Option<ErrorKind>,
    /// `true` if the command was dropped before it ended.
    pub cancelled: bool,
    /// `true` if the answer came from the cache. Nothing was sent, and no tokens were used.
    pub cached: bool,
}

/// Hook of `on_invalid`.
#[derive(Clone)]
pub(crate) struct OnInvalid(Arc<dyn Fn(&InvalidAnswer<'_>) -> Decision + Send + Sync>);

/// Hook of `on_retry`.
#[derive(Clone)]
pub(crate) struct OnRetry(Arc<dyn Fn(&RetryEvent<'_>) + Send + Sync>);

/// Hooks of `on_done`, of all layers.
#[derive(Clone)]
pub(crate) struct OnDone(Vec<DoneHook>);

type DoneHook = Arc<dyn Fn(&Done<'_>) + Send + Sync>;

impl OnInvalid {
    pub(crate) fn new(
        decide: impl Fn(&InvalidAnswer<'_>) -> Decision + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(decide))
    }

    pub(super) fn call(&self, invalid: &InvalidAnswer<'_>) -> Decision {
        (self.0)(invalid)
    }
}

impl OnRetry {
    pub(crate) fn new(on_event: impl Fn(&RetryEvent<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(on_event))
    }

    pub(super) fn call(&self, event: &RetryEvent<'_>) {
        (self.0)(event);
    }
}

impl OnDone {
    pub(crate) fn new(on_done: impl Fn(&Done<'_>) + Send + Sync + 'static) -> Self {
        Self(vec![Arc::new(on_done)])
    }

    /// Adds the hooks of a weaker layer.
    pub(super) fn extend(&mut self, weaker: &Self) {
        self.0.extend(weaker.0.iter().cloned());
    }

    /// Calls the hooks. A panic of one is logged: the command has ended, and others must hear of it.
    pub(crate) fn call(&self, done: &Done<'_>) {
        for hook in &self.0 {
            let called = catch_unwind(AssertUnwindSafe(|| hook(done)));
            if called.is_err() {
                tracing::error!(command = done.command, "a hook of `on_done` panicked");
            }
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

impl fmt::Debug for OnDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function")
    }
}
