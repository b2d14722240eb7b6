//! What the function of a tool may return.

use std::error::Error as StdError;
use std::future::Future;

use serde::Serialize;

use super::told::{Failure, Means};
use super::{Progress, Told};
use crate::error::BoxError;

/// A value that a tool can give to a model: anything `Serialize`. A text is given as it is, all else as JSON.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a tool",
    label = "not a result of a tool",
    note = "add `#[derive(serde::Serialize)]` to a type of your own, or return a `Result` of a value that is `Serialize`"
)]
pub trait ToolOutput: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> ToolOutput for T {}

/// An error that a tool can return: whatever `?` takes into a `Box<dyn Error + Send + Sync>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a tool",
    label = "not an error of a tool",
    note = "an error of a tool is a `std::error::Error` that is `Send + Sync + 'static`, a text, or a `Box<dyn Error + Send + Sync>`"
)]
pub trait ToolError: Into<BoxError> {}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> ToolError for E {}

impl Told {
    /// What is told of a value.
    pub fn value<T: ToolOutput>(value: &T) -> Self {
        let json = serde_json::to_string(value);
        // A text is one to the model, and no JSON.
        let text = json.and_then(|json| match json.starts_with('"') {
            true => serde_json::from_str(&json),
            false => Ok(json),
        });
        Self(text.map_err(|error| Failure::Failed {
            error: error.into(),
            means: Means::Failure,
        }))
    }

    /// What is told of an error.
    pub fn error<E: ToolError>(error: E) -> Self {
        let error: BoxError = error.into();
        let means = Means::of(&*error);
        Self(Err(Failure::Failed { error, means }))
    }

    /// The same of one that shows what is in it only before it is boxed, such as `anyhow::Error`.
    pub fn wrapped<E: ToolError + AsRef<dyn StdError + Send + Sync>>(error: E) -> Self {
        let means = Means::of(error.as_ref());
        let error = error.into();
        Self(Err(Failure::Failed { error, means }))
    }
}

/// What the closure of a [`Tool`](crate::Tool) may return: a `Serialize` value, a `Result` of one, or a future
/// of either. `K` tells which of them it is, and is never written.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a tool",
    label = "not a result of a tool",
    note = "a tool returns a value that is `Serialize`, a `Result` of one with any `std::error::Error`, or a future of either"
)]
pub trait Returned<K> {
    /// Whether the function is one that does not block.
    #[doc(hidden)]
    const IS_ASYNC: bool;

    /// What came of the call so far.
    #[doc(hidden)]
    fn progress(self) -> Progress;
}

/// What is told already.
#[derive(Debug)]
pub struct Done;

/// A value.
#[derive(Debug)]
pub struct Plain;

/// A `Result` with an error.
#[derive(Debug)]
pub struct Fallible;

/// A `Result` with something around an error.
#[derive(Debug)]
pub struct Wrapped;

/// A `Result` with a text for an error.
#[derive(Debug)]
pub struct Worded;

/// A future of what `K` tells.
#[derive(Debug)]
pub struct Later<K>(K);

impl Returned<Done> for Told {
    const IS_ASYNC: bool = false;

    fn progress(self) -> Progress {
        Progress::Done(self)
    }
}

impl<T: Serialize> Returned<Plain> for T {
    const IS_ASYNC: bool = false;

    fn progress(self) -> Progress {
        Progress::Done(Told::value(&self))
    }
}

impl<T: Serialize, E: StdError + Send + Sync + 'static> Returned<Fallible> for Result<T, E> {
    const IS_ASYNC: bool = false;

    fn progress(self) -> Progress {
        Progress::Done(self.map_or_else(Told::error, |value| Told::value(&value)))
    }
}

impl<T, E> Returned<Wrapped> for Result<T, E>
where
    T: Serialize,
    E: Into<BoxError> + AsRef<dyn StdError + Send + Sync>,
{
    const IS_ASYNC: bool = false;

    fn progress(self) -> Progress {
        Progress::Done(self.map_or_else(Told::wrapped, |value| Told::value(&value)))
    }
}

impl<T: Serialize, E: Into<String>> Returned<Worded> for Result<T, E> {
    const IS_ASYNC: bool = false;

    fn progress(self) -> Progress {
        let told = self.map_or_else(
            |error| Told::error::<String>(error.into()),
            |value| Told::value(&value),
        );
        Progress::Done(told)
    }
}

impl<F, K> Returned<Later<K>> for F
where
    F: Future + Send + 'static,
    F::Output: Returned<K>,
{
    const IS_ASYNC: bool = true;

    fn progress(self) -> Progress {
        Progress::Running(Box::pin(async move {
            match self.await.progress() {
                Progress::Done(told) => told,
                Progress::Running(running) => running.await,
            }
        }))
    }
}
