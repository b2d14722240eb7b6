//! When a command's `timeout` ends.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use crate::error::{Detail, Error, TimeLimit};

/// When a command's `timeout` ends, if it has one.
#[derive(Clone, Copy)]
pub(super) struct Deadline(Option<(Duration, Instant)>);

impl Deadline {
    pub(super) fn starting(limit: Option<Duration>) -> Self {
        // A limit beyond what a clock can hold is none.
        Self(limit.and_then(|limit| Some((limit, Instant::now().checked_add(limit)?))))
    }

    /// Whether a pause ends before it.
    pub(super) fn allows(&self, pause: Duration) -> bool {
        self.0.is_none_or(|(_, end)| Instant::now() + pause < end)
    }

    /// Waits for `work`, but no longer than the deadline.
    ///
    /// It is pinned where it stands: a future this size is not to be moved into another, and another.
    pub(super) async fn hold<T, F>(&self, work: Pin<&mut F>) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let Some((_, end)) = self.0 else {
            return work.await;
        };
        // Boxed: most commands have no deadline, and are not to hold its timer.
        let timed = Box::pin(timeout_at(end, work)).await;
        let limit = self.0.map_or(Duration::ZERO, |(limit, _)| limit);
        timed.unwrap_or_else(|_| Err(passed(limit)))
    }

    /// The same, for what is polled and not awaited.
    pub(super) fn timer(&self) -> DeadlineTimer {
        DeadlineTimer(
            self.0
                .map(|(limit, end)| (limit, Box::pin(sleep_until(end)))),
        )
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
