//! Threads for the file of a cassette: reading and writing may block.

use crate::error::Error;
use crate::{global, recording};

/// Runs a function that may block on a thread of no runtime, and waits for it without blocking.
pub(super) async fn in_task<T: Send + 'static>(
    function: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let receiver = global::spawn_thread(function).map_err(no_thread)?;
    match receiver.await {
        Ok(value) => value,
        // NOTE: The function does not panic.
        Err(_) => Err(Error::configuration("the thread of a cassette ended", "")),
    }
}

/// Runs a function that may block on a thread of no runtime, and waits for it.
pub(super) fn blocking<T: Send + 'static>(
    function: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    recording::on_thread(function).map_err(no_thread)?
}

fn no_thread(error: std::io::Error) -> Error {
    Error::configuration(
        "a thread for the file of a cassette could not be started",
        "Look at the cause: usually a limit of threads.",
    )
    .with_source(error)
}
