//! The idle timeout of a response body.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use super::error::timed_out;
use crate::error::{Error, TimeLimit};

/// Idle timeout, accurate to an eighth of its limit.
///
/// A timer ticks eight times within the limit and is not reset by chunks. Only the ticks since the last chunk
/// are counted, because reading the clock or resetting a timer for each chunk would cost more than the chunk.
/// The timeout therefore fires up to an eighth of the limit late.
#[derive(Debug)]
pub(super) struct IdleTimer {
    limit: Duration,
    /// Created at the first wait: data that is already there, which is the usual case, needs no timer.
    timer: Option<Pin<Box<Sleep>>>,
    /// Number of ticks since the last chunk.
    ticks: u32,
}

impl IdleTimer {
    /// Number of ticks within the limit. The time between the last chunk and the first tick is unknown and is
    /// not counted.
    const TICKS_PER_LIMIT: u32 = 8;

    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            timer: None,
            ticks: 0,
        }
    }

    /// Polls for a chunk.
    ///
    /// # Errors
    ///
    /// No chunk was received for the limit, or for up to an eighth longer.
    pub(super) fn poll<F: Future>(
        &mut self,
        chunk: Pin<&mut F>,
        context: &mut Context<'_>,
    ) -> Poll<Result<F::Output, Error>> {
        if let Poll::Ready(chunk) = chunk.poll(context) {
            self.ticks = 0;
            return Poll::Ready(Ok(chunk));
        }
        let interval = self.limit / Self::TICKS_PER_LIMIT;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(interval)));
        while timer.as_mut().poll(context).is_ready() {
            self.ticks += 1;
            if self.ticks > Self::TICKS_PER_LIMIT {
                return Poll::Ready(Err(timed_out(TimeLimit::Idle, self.limit)));
            }
            // An interval that the clock cannot represent never ends: `sleep` made a timer of many years.
            if let Some(next) = Instant::now().checked_add(interval) {
                timer.as_mut().reset(next);
            }
        }
        Poll::Pending
    }
}
