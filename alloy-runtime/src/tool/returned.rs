//! What the function of a tool may return.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;

use serde::Serialize;
use serde_json::Value;

use super::told::Failure;
use super::{Progress, Told};
use crate::error::BoxError;
use crate::json::Json;

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
        Self(text.map_err(|error| Failure::Failed(error.into())))
    }

    /// What is told of a value, or of an error.
    pub fn result<T: ToolOutput, E: ToolError>(result: Result<T, E>) -> Self {
        match result {
            Ok(value) => Self::value(&value),
            Err(error) => Self(Err(Failure::Failed(error.into()))),
        }
    }
}

/// What the closure of a [`Tool`](crate::Tool) may return: a `Result` of any `Serialize` value, or a value of one
/// of the types below; anything else `Serialize` as `Json(value)`.
///
/// A `Result` is never a value itself: it is the tool's success, or its failure.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a tool's closure",
    label = "not a result of a tool's closure",
    note = "return `Json(value)` for a value that is `Serialize`, a text, a number, a list, a map, a `Result` of a value, or a future of one of these"
)]
pub trait ToolReturn: sealed::Sealed {
    /// What the model is told.
    #[doc(hidden)]
    fn told(self) -> Told;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! values {
    ($([$($generics:tt)*] $type:ty;)*) => {
        $(
            impl<$($generics)*> sealed::Sealed for $type {}

            impl<$($generics)*> ToolReturn for $type {
                fn told(self) -> Told {
                    Told::value(&self)
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
    fn told(self) -> Told {
        Told::value(&self.0)
    }
}

impl<T: Serialize, E: Into<BoxError>> sealed::Sealed for Result<T, E> {}

impl<T: Serialize, E: Into<BoxError>> ToolReturn for Result<T, E> {
    fn told(self) -> Told {
        Told::result(self)
    }
}

/// What the closure of a [`Tool`](crate::Tool) gives: a [`ToolReturn`], or a future of one. `K` tells which of
/// them it is, and is never written.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a tool's closure",
    label = "not a result of a tool's closure",
    note = "return `Json(value)` for a value that is `Serialize`, a text, a number, a list, a map, a `Result` of a value, or a future that is `Send` of one of these"
)]
pub trait Returned<K> {
    /// Whether the closure is one that does not block.
    #[doc(hidden)]
    const IS_ASYNC: bool;

    /// What came of the call so far.
    #[doc(hidden)]
    fn progress(self) -> Progress;
}

/// A value.
#[derive(Debug)]
pub struct Now;

/// A future.
#[derive(Debug)]
pub struct Later;

#[diagnostic::do_not_recommend]
impl<T: ToolReturn> Returned<Now> for T {
    const IS_ASYNC: bool = false;

    fn progress(self) -> Progress {
        Progress::Done(self.told())
    }
}

#[diagnostic::do_not_recommend]
impl<F> Returned<Later> for F
where
    F: Future + Send + 'static,
    F::Output: ToolReturn,
{
    const IS_ASYNC: bool = true;

    fn progress(self) -> Progress {
        Progress::Running(Box::pin(async move { self.await.told() }))
    }
}
