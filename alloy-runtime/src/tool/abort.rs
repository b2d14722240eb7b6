//! Ending a command from inside a tool.

use std::error::Error as StdError;
use std::fmt;

use crate::error::BoxError;

/// An error of a tool that ends the command, where any other is told to the model.
///
/// The command's error is of kind [`ToolAborted`](crate::ErrorKind::ToolAborted) and has this one as its
/// source. A tool returns it as its error, or inside of one: as a `Box<dyn Error + Send + Sync>`, an
/// `anyhow::Error` or the `source()` of an error of your own.
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
pub struct Abort(BoxError);

impl Abort {
    /// An end of the command for this reason: a text, or an error.
    pub fn new(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Abort").field(&self.0).finish()
    }
}

impl StdError for Abort {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
