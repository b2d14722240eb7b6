//! The error by which a tool ends its command.

use std::error::Error as StdError;
use std::fmt;

use crate::error::BoxError;

/// An error of a tool that ends the command. Any other error is sent to the model.
///
/// The command fails with an error of kind [`ToolAborted`](crate::ErrorKind::ToolAborted) whose source is the
/// `Abort`. A tool returns it as its error or inside another one: in a `Box<dyn Error + Send + Sync>`, in an
/// `anyhow::Error`, or as the `source()` of an error type of yours. If a command is itself a tool, an `Abort` of its
/// tools ends that command only, and the calling model reads its error.
///
/// ```
/// use alloy_runtime::{Abort, tool};
///
/// /// Deletes a file.
/// #[tool]
/// fn delete(path: &str) -> Result<(), Abort> {
///     Err(Abort::new(format!("{path} must not be deleted")))
/// }
///
/// assert_eq!(delete("/").unwrap_err().to_string(), "/ must not be deleted");
/// ```
#[derive(Debug)]
pub struct Abort(AbortReason);

/// The source of an [`Abort`]. Some types, such as `anyhow::Error`, hide the type of the error that they hold but
/// expose its sources: an `Abort` inside them is recognized by this one.
#[derive(Debug)]
struct AbortReason(BoxError);

impl Abort {
    /// Creates an `Abort` from a reason: an error, or a string.
    pub fn new(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(AbortReason(reason.into()))
    }

    /// Returns the reason given to [`new`](Self::new).
    ///
    /// ```
    /// use std::io;
    ///
    /// let abort = alloy_runtime::Abort::new(io::Error::other("no more paper"));
    /// assert!(abort.reason().is::<io::Error>());
    /// ```
    #[must_use]
    pub fn reason(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0.0
    }

    /// Returns `true` if an error is an `Abort` or its direct source.
    pub(super) fn is_abort(error: &(dyn StdError + 'static)) -> bool {
        error.is::<Self>() || error.is::<AbortReason>()
    }
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for Abort {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

impl fmt::Display for AbortReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for AbortReason {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
