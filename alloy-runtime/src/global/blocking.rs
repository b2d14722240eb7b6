//! The background runtime of `.blocking()` calls.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::Handle;

use crate::error::Error;

/// Runs a future to completion on the background runtime of the process.
///
/// # Errors
///
/// This thread belongs to an async runtime and must not block, or the background runtime cannot be started.
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, Error> {
    static BACKGROUND: Mutex<Option<Handle>> = Mutex::new(None);
    match Handle::try_current() {
        Err(error) if error.is_missing_context() => {}
        // The other error is a thread that is being shut down.
        Ok(_) | Err(_) => {
            return Err(Error::configuration(
                "`.blocking()` was called inside an async runtime, whose threads must not block",
                "Write `.await` instead of `.blocking()`. In `spawn_blocking`, which has no `.await`, write `tokio::runtime::Handle::current().block_on(command)`.",
            ));
        }
    }
    let handle = {
        let mut background = BACKGROUND.lock().unwrap_or_else(PoisonError::into_inner);
        match &*background {
            Some(handle) => handle.clone(),
            // A failure is not stored: the next call tries again.
            None => background.insert(start_background()?).clone(),
        }
    };
    Ok(handle.block_on(future))
}

/// Starts a runtime whose own thread keeps connections alive and runs the commands of batches. Other commands run on the
/// threads that wait for them.
fn start_background() -> Result<Handle, Error> {
    let failed = |error: std::io::Error| {
        Error::configuration(
            "the background runtime of `.blocking()` could not be started",
            "Look at the cause: usually a limit of threads or of open files.",
        )
        .with_source(error)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("alloy-blocking".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))
        .map_err(failed)?;
    Ok(handle)
}
