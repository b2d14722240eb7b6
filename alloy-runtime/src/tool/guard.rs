//! Panics of tools: each is told to the model, and none leaves its tool.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::told::{Failure, Told, Words};

/// Runs a piece of a tool.
pub(super) fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, Failure> {
    // What a panic leaves half done is the tool's own; nothing of it is looked at again.
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| Failure::Panicked(message(payload)))
}

/// What a panic said.
fn message(payload: Box<dyn Any + Send>) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    // What it said it with may panic when it goes.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
    text.unwrap_or_else(|| "without a message".to_owned())
}

/// An async tool at work.
pub(crate) struct Running(pub(super) Pin<Box<dyn Future<Output = Told> + Send>>);

impl Future for Running {
    type Output = Words;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Words> {
        // What is told may be a type's own words, and its own panic.
        let polled = guarded(|| self.0.as_mut().poll(context).map(Told::into_words));
        polled.unwrap_or_else(|failure| Poll::Ready(failure.into_words()))
    }
}
