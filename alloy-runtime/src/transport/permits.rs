//! Limits on how many requests wait for a reply at a time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Url;
use tokio::sync::Semaphore;

/// Maximum number of requests of one client that run inside their callers' futures. Further requests run in
/// tasks.
const MAX_INLINE: usize = 32;
/// The number of requests in tasks that a limit leaves room for, before any request runs inside its caller's future.
///
/// Only requests in tasks take a permit. A caller may hold a hundred commands and poll none of them until another is
/// answered: a permit that such a command held would block all others, whereas a task runs without its caller. So a low
/// limit sends all requests in tasks. Streams are read by their callers and take no permit.
const MIN_IN_TASKS: usize = 68;

/// Maximum numbers of requests to one server that wait for a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Limit {
    /// Requests inside their callers' futures.
    inline: usize,
    /// Requests in tasks.
    in_tasks: usize,
}

impl Limit {
    /// Splits `max_concurrency`, which is at least 1.
    pub(super) fn new(max_concurrency: u32) -> Self {
        let total = usize::try_from(max_concurrency).unwrap_or(usize::MAX);
        // A semaphore has no more permits.
        let total = total.min(Semaphore::MAX_PERMITS);
        let inline = total.saturating_sub(MIN_IN_TASKS).min(MAX_INLINE);
        Self {
            inline,
            in_tasks: total - inline,
        }
    }
}

/// Permits of the requests that run in tasks, by server and limit.
#[derive(Debug, Default)]
pub(super) struct TaskPermits(Mutex<BTreeMap<(String, Limit), Arc<Semaphore>>>);

impl TaskPermits {
    /// Returns the permits for requests to the server of `url`.
    pub(super) fn for_server(&self, url: &Url, limit: Limit) -> Arc<Semaphore> {
        let mut servers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let permits = servers.entry((url.authority().to_owned(), limit));
        Arc::clone(permits.or_insert_with(|| Arc::new(Semaphore::new(limit.in_tasks))))
    }
}

/// Permit of a request that runs inside its caller's future. Dropping it releases it.
pub(super) struct InlinePermit<'a>(&'a AtomicUsize);

impl<'a> InlinePermit<'a> {
    /// Takes a permit; `None` if all are taken.
    pub(super) fn try_acquire(count: &'a AtomicUsize, limit: Limit) -> Option<Self> {
        // NOTE: A permit that is not handed out is dropped, which takes its count back.
        let permit = Self(count);
        (count.fetch_add(1, Ordering::Relaxed) < limit.inline).then_some(permit)
    }
}

impl Drop for InlinePermit<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_limit_sends_all_requests_in_tasks() {
        let split = |total| {
            let Limit { inline, in_tasks } = Limit::new(total);
            (inline, in_tasks)
        };
        assert_eq!(split(1), (0, 1));
        assert_eq!(split(68), (0, 68));
        assert_eq!(split(69), (1, 68));
        assert_eq!(split(100), (32, 68));
        assert_eq!(split(500), (32, 468));
        assert_eq!(split(u32::MAX).0, 32);
    }
}
