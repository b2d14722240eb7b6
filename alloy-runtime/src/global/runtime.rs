//! The async runtime of whoever waits.

use tokio::runtime::{EnterGuard, Handle};

use crate::error::Error;

/// The async runtime that a command is awaited in.
///
/// # Errors
///
/// There is none.
pub(crate) fn runtime() -> Result<Handle, Error> {
    Handle::try_current().map_err(|_| {
        Error::configuration(
            "a command was awaited outside a tokio runtime",
            "Await it in a function that tokio runs, such as `#[tokio::main] async fn main()`; without a runtime, turn the feature `blocking` on and call `.blocking()` instead.",
        )
    })
}

/// Where a command is polled outside of any runtime, it goes on with the timers of the one that it was begun in, until
/// this is dropped.
pub(crate) fn within(begun_in: &Handle) -> Option<EnterGuard<'_>> {
    Handle::try_current().is_err().then(|| begun_in.enter())
}
