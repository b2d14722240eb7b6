//! When a command's `timeout` ends.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use crate::error::{Detail, Error, TimeLimit};

/// When a command's `timeout` ends, if it has one.
///
/// Shared: most commands have none, and are not to hold its room wherever it is asked.
#[derive(Clone)]
pub(super) struct Deadline(Option<Arc<(Duration, Instant)>>);

impl Deadline {
    pub(super) fn starting(limit: Option<Duration>) -> Self {
        // A limit beyond what a clock can hold is none.
        let end = |limit| Some(Arc::new((limit, Instant::now().checked_add(limit)?)));
        Self(limit.and_then(end))
    }

    /// Whether a pause ends before it.
    pub(super) fn allows(&self, pause: Duration) -> bool {
        let mut end = self.0.iter().map(|ends| ends.1);
        end.all(|end| Instant::now() + pause < end)
    }

    /// Waits for `work`, but no longer than the deadline.
    ///
    /// It is pinned where it stands: a future this size is not to be moved into another, and another.
    pub(super) async fn hold<T, F>(&self, work: Pin<&mut F>) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let Some(ends) = &self.0 else {
            return work.await;
        };
        // Boxed, like its end.
        let timed = Box::pin(timeout_at(ends.1, work)).await;
        timed.unwrap_or_else(|_| Err(passed(ends.0)))
    }

    /// The same, for what is polled and not awaited.
    pub(super) fn timer(&self) -> DeadlineTimer {
        let ends = self.0.as_deref().copied();
        DeadlineTimer(ends.map(|(limit, end)| (limit, Box::pin(sleep_until(end)))))
    }
}

/// Tells when a deadline has passed.
#[derive(Debug)]
pub(super) struct DeadlineTimer(Option<(Duration, Pin<Box<Sleep>>)>);

impl DeadlineTimer {
    /// Ready with the error once the deadline has passed.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        match &mut self.0 {
            Some((limit, timer)) => timer.as_mut().poll(context).map(|()| passed(*limit)),
            None => Poll::Pending,
        }
    }
}

fn passed(limit: Duration) -> Error {
    Error::new(Detail::TimedOut {
        limit: TimeLimit::Total,
        after: limit,
    })
}
