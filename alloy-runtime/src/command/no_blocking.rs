//! The methods of the feature `blocking` in a build without it, so that a call of one names the feature.

use super::Command;
use crate::error::Error;
use crate::outcome::Outcome;

/// A bound that no command meets.
#[diagnostic::on_unimplemented(
    message = "a command has `.blocking()` only with the feature `blocking` of alloy-runtime",
    label = "needs the feature `blocking`",
    note = "run `cargo add alloy-runtime --features blocking`, or write `.await` in an async function: a command is a future"
)]
pub trait BlockingFeature {}

impl<T, M> Command<T, M> {
    /// Needs the feature `blocking`.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc, reason = "it cannot be called")]
    pub fn blocking(self) -> Result<T, Error>
    where
        M: BlockingFeature,
    {
        unreachable!("its bound does not hold")
    }

    /// Needs the feature `blocking`.
    #[doc(hidden)]
    #[allow(clippy::missing_errors_doc, reason = "it cannot be called")]
    pub fn blocking_outcome(self) -> Result<Outcome<T>, Error>
    where
        M: BlockingFeature,
    {
        unreachable!("its bound does not hold")
    }
}
