//! Ending a command from inside a tool.

use std::error::Error as StdError;
use std::fmt;

use crate::error::BoxError;

/// An error of a tool that ends the command, where any other is told to the model.
///
/// The command's error is of kind [`ToolAborted`](crate::ErrorKind::ToolAborted) and has this one as its
/// source. A tool returns it as its error, or inside of one: as a `Box<dyn Error + Send + Sync>`, an
/// `anyhow::Error`, or the `source()` of an error of your own. Of a command that is a tool it ends that
/// command alone; the model that called it is told.
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
pub struct Abort(Reason);

/// Why. It stands below an [`Abort`], so that one is known as well where a type such as `anyhow::Error` keeps
/// what it holds from being looked at.
#[derive(Debug)]
struct Reason(BoxError);

impl Abort {
    /// An end of the command for this reason: a text, or an error.
    pub fn new(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Reason(reason.into()))
    }

    /// The reason, as it was given.
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

    /// Whether an error is one, or what stands below one.
    pub(super) fn is(error: &(dyn StdError + 'static)) -> bool {
        error.is::<Self>() || error.is::<Reason>()
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

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for Reason {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
