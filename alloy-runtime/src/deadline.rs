//! The deadline of a command: the end of its `timeout`.

mod server_pause;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

pub(crate) use self::server_pause::ServerPause;
use crate::error::{ConnectionError, Error, TimeLimit};

/// The deadline of a command, if it has a `timeout`.
///
/// Behind a pointer: most commands have none, and every future that checks it would hold its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Deadline(Option<Arc<TimedCommand>>);

#[derive(Debug)]
struct TimedCommand {
    limit: Duration,
    end: Instant,
    /// `true` while a request of the command waits for a permit.
    is_queued: Arc<AtomicBool>,
}

impl Deadline {
    /// Starts the time of a command.
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        // A timeout beyond the range of the clock never passes.
        let timed = |limit| {
            Some(Arc::new(TimedCommand {
                limit,
                end: Instant::now().checked_add(limit)?,
                is_queued: Arc::default(),
            }))
        };
        Self(timeout.and_then(timed))
    }

    /// Returns `true` if a pause would end before the deadline.
    pub(crate) fn allows(&self, pause: Duration) -> bool {
        let mut end = self.0.iter().map(|timed| timed.end);
        end.all(|end| Instant::now() + pause < end)
    }

    /// Returns the flag to set while a request waits for a permit; `None` without a deadline.
    pub(crate) fn queue_flag(&self) -> Option<Arc<AtomicBool>> {
        self.0.as_ref().map(|timed| Arc::clone(&timed.is_queued))
    }

    /// Runs a future until the deadline.
    ///
    /// The future is pinned by the caller, so that a large one is not moved into another.
    ///
    /// # Errors
    ///
    /// The future's own, or that the command timed out.
    pub(crate) async fn run<T, F>(&self, future: Pin<&mut F>) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let Some(timed) = &self.0 else {
            return future.await;
        };
        // Boxed, so that a command without a deadline does not hold a timer.
        let result = Box::pin(timeout_at(timed.end, future)).await;
        result.unwrap_or_else(|_| {
            let is_queued = timed.is_queued.load(Ordering::Relaxed);
            let limit = if is_queued {
                TimeLimit::Queue
            } else {
                TimeLimit::Total
            };
            Err(timed_out(limit, timed.limit))
        })
    }

    /// Returns a timer for code that polls instead of awaiting.
    pub(crate) fn timer(&self) -> DeadlineTimer {
        let timed = self.0.as_deref();
        DeadlineTimer(timed.map(|timed| (timed.limit, Box::pin(sleep_until(timed.end)))))
    }
}

/// A timer that ends at a deadline.
#[derive(Debug)]
pub(crate) struct DeadlineTimer(Option<(Duration, Pin<Box<Sleep>>)>);

impl DeadlineTimer {
    /// Returns the error once the deadline has passed.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        match &mut self.0 {
            Some((limit, timer)) => timer
                .as_mut()
                .poll(context)
                .map(|()| timed_out(TimeLimit::Total, *limit)),
            None => Poll::Pending,
        }
    }
}

fn timed_out(limit: TimeLimit, after: Duration) -> Error {
    Error::new(ConnectionError::TimedOut { limit, after })
}
