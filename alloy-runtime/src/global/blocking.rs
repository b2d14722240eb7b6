//! The background runtime of commands that are waited for without one.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::Handle;

use crate::error::Error;

/// Runs a future to its end on the one background runtime of the process.
///
/// # Errors
///
/// Inside a runtime this thread is one that must not wait.
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, Error> {
    static BACKGROUND: Mutex<Option<Handle>> = Mutex::new(None);
    match Handle::try_current() {
        Err(error) if error.is_missing_context() => {}
        // It can also be that this thread is at its end.
        Ok(_) | Err(_) => {
            return Err(Error::configuration(
                "`.blocking()` was called inside an async runtime; a thread of a runtime must not wait",
                "Write `.await` instead of `.blocking()`. In `spawn_blocking`, await the command outside and pass its value in.",
            ));
        }
    }
    let handle = {
        let mut known = BACKGROUND.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some(handle) => handle.clone(),
            // A failure is not kept: it may pass.
            None => known.insert(background()?).clone(),
        }
    };
    Ok(handle.block_on(future))
}

/// A runtime whose thread does nothing but keep connections alive: the calls run on the threads that
/// wait for them.
fn background() -> Result<Handle, Error> {
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
