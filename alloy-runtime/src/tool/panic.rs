//! Catches the panics of tools, so that they are reported to the model.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::outcome::ToolFailure;

/// Runs code of a tool and catches its panic.
pub(super) fn catch_panic<T>(run: impl FnOnce() -> T) -> Result<T, ToolFailure> {
    // Unwind safe: after a panic, only the tool can see the state that it left inconsistent.
    catch_unwind(AssertUnwindSafe(run))
        .map_err(|payload| ToolFailure::Panicked(panic_message(payload)))
}

/// Returns the message of a panic.
pub(crate) fn panic_message(payload: Box<dyn Any + Send>) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    // Dropping the payload may panic as well. The payload of that panic is leaked.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
    text.unwrap_or_else(|| "without a message".to_owned())
}

/// A future whose panics are failures of the tool.
pub(super) struct CatchPanic<F>(pub(super) F);

impl<F: Future + Unpin> Future for CatchPanic<F> {
    type Output = Result<F::Output, ToolFailure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_panic(|| Pin::new(&mut self.0).poll(context)) {
            Ok(polled) => polled.map(Ok),
            Err(failure) => Poll::Ready(Err(failure)),
        }
    }
}
