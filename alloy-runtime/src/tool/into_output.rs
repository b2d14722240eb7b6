//! The types that a tool's function may return.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;

use serde::Serialize;
use serde_json::Value;

use super::outcome::ToolFailure;
use super::{ToolOutcome, ToolRun};
use crate::error::BoxError;
use crate::json::Json;

/// A value that a tool can return to a model: any type that implements `Serialize`. A string is sent unchanged, any
/// other value as JSON.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a tool",
    label = "not a result of a tool",
    note = "add `#[derive(serde::Serialize)]` to a type of your own, or return a `Result` of a value that is `Serialize`"
)]
pub trait ToolOutput: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> ToolOutput for T {}

/// An error that a tool can return: any type that `?` converts to a `Box<dyn Error + Send + Sync>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a tool",
    label = "not an error of a tool",
    note = "a tool returns an error that implements `std::error::Error + Send + Sync + 'static`, a string, or a `Box<dyn Error + Send + Sync>`"
)]
pub trait ToolError: Into<BoxError> {}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> ToolError for E {}

impl ToolOutcome {
    /// Creates the outcome of a call that returned `value`.
    pub fn value<T: ToolOutput>(value: &T) -> Self {
        let json = serde_json::to_string(value);
        // The model reads a string without JSON's quotes and escapes.
        let text = json.and_then(|json| match json.starts_with('"') {
            true => serde_json::from_str(&json),
            false => Ok(json),
        });
        Self(text.map_err(|error| ToolFailure::Failed(error.into())))
    }

    /// Creates the outcome of a call that returned `result`.
    pub fn result<T: ToolOutput, E: ToolError>(result: Result<T, E>) -> Self {
        match result {
            Ok(value) => Self::value(&value),
            Err(error) => Self(Err(ToolFailure::Failed(error.into()))),
        }
    }
}

/// A value that the closure of a [`Tool`](crate::Tool) may return: a value of one of the types below, a `Result` of
/// any `Serialize` value, or any other `Serialize` value as [`Json(value)`](crate::Json).
///
/// A `Result` is never serialized itself. `Ok` is the tool's result, and `Err` its failure.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a tool's closure",
    label = "not a result of a tool's closure",
    note = "return `Json(value)` for a value that is `Serialize`, a string, a number, a list, a map, a `Result` of a value, or a future of one of these"
)]
pub trait ToolReturn: sealed::Sealed {
    /// Converts the value to the outcome of the call.
    #[doc(hidden)]
    fn into_outcome(self) -> ToolOutcome;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! values {
    ($([$($generics:tt)*] $type:ty;)*) => {
        $(
            impl<$($generics)*> sealed::Sealed for $type {}

            impl<$($generics)*> ToolReturn for $type {
                fn into_outcome(self) -> ToolOutcome {
                    ToolOutcome::value(&self)
                }
            }
        )*
    };
}

values! {
    [] ();
    [] bool;
    [] char;
    [] i8;
    [] i16;
    [] i32;
    [] i64;
    [] isize;
    [] u8;
    [] u16;
    [] u32;
    [] u64;
    [] usize;
    [] f32;
    [] f64;
    [] String;
    [] &'static str;
    [] Value;
    [T: Serialize] Option<T>;
    [T: Serialize] Vec<T>;
    [K: Serialize, V: Serialize] BTreeMap<K, V>;
    [K: Serialize, V: Serialize, S] HashMap<K, V, S>;
}

impl<T: Serialize> sealed::Sealed for Json<T> {}

impl<T: Serialize> ToolReturn for Json<T> {
    fn into_outcome(self) -> ToolOutcome {
        ToolOutcome::value(&self.0)
    }
}

impl<T: Serialize, E: Into<BoxError>> sealed::Sealed for Result<T, E> {}

impl<T: Serialize, E: Into<BoxError>> ToolReturn for Result<T, E> {
    fn into_outcome(self) -> ToolOutcome {
        ToolOutcome::result(self)
    }
}

/// A type that the closure of a [`Tool`](crate::Tool) may return: a [`ToolReturn`], or a future of one.
///
/// The compiler infers the marker `M`, which distinguishes the two.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a tool's closure",
    label = "not a result of a tool's closure",
    note = "return `Json(value)` for a value that is `Serialize`, a string, a number, a list, a map, a `Result` of a value, or a future that is `Send` of one of these"
)]
pub trait IntoToolOutput<M> {
    /// `true` if the closure returns a future, so that calling it does not block.
    #[doc(hidden)]
    const IS_ASYNC: bool;

    /// Converts the return value to a started call.
    #[doc(hidden)]
    fn into_run(self) -> ToolRun;
}

/// The marker of closures that return a value.
#[derive(Debug)]
pub struct SyncKind;

/// The marker of closures that return a future.
#[derive(Debug)]
pub struct AsyncKind;

#[diagnostic::do_not_recommend]
impl<T: ToolReturn> IntoToolOutput<SyncKind> for T {
    const IS_ASYNC: bool = false;

    fn into_run(self) -> ToolRun {
        ToolRun::Done(self.into_outcome())
    }
}

#[diagnostic::do_not_recommend]
impl<F> IntoToolOutput<AsyncKind> for F
where
    F: Future + Send + 'static,
    F::Output: ToolReturn,
{
    const IS_ASYNC: bool = true;

    fn into_run(self) -> ToolRun {
        ToolRun::Running(Box::pin(async move { self.await.into_outcome() }))
    }
}
