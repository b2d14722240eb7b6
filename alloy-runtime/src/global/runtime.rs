//! The async runtime of the current task.

use tokio::runtime::{EnterGuard, Handle};

use crate::error::Error;

/// Returns the current async runtime.
///
/// # Errors
///
/// There is no current tokio runtime.
pub(crate) fn runtime() -> Result<Handle, Error> {
    Handle::try_current().map_err(|_| {
        Error::configuration(
            "a command was awaited outside a tokio runtime",
            "Await it in a function that tokio runs, such as `#[tokio::main] async fn main()`. Without a runtime, enable the feature `blocking` and call `.blocking()` instead.",
        )
    })
}

/// Enters `runtime` if there is no current one, until the guard is dropped. A command that is polled outside any
/// runtime thus keeps using the timers of the runtime that it was started in.
pub(crate) fn enter_if_outside(runtime: &Handle) -> Option<EnterGuard<'_>> {
    Handle::try_current().is_err().then(|| runtime.enter())
}
