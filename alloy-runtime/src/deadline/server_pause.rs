//! A pause that a server asked for, shared by the commands of a batch.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// The longest pause, whatever a server asks for.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// The time until which no command of a batch sends a request to its server.
#[derive(Debug)]
pub(crate) struct ServerPause {
    /// The address of the server.
    address: String,
    created: Instant,
    /// Milliseconds from `created` to the end of the pause.
    end: AtomicU64,
    /// `true` once no command is to wait any more.
    is_lifted: AtomicBool,
    lifted: Notify,
}

impl ServerPause {
    /// Creates the pause of the server at this address. It has ended.
    pub(crate) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            created: Instant::now(),
            end: AtomicU64::new(0),
            is_lifted: AtomicBool::new(false),
            lifted: Notify::new(),
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Pauses all commands for at least this time from now on, at most a minute.
    pub(crate) fn extend(&self, pause: Duration) {
        let end = self.created.elapsed() + pause.min(MAX_PAUSE);
        // Rounded up, so that nothing is sent a moment too early.
        let end = u64::try_from(end.as_millis() + 1).unwrap_or(u64::MAX);
        self.end.fetch_max(end, Ordering::Relaxed);
    }

    /// Ends the pause for good: commands that wait go on.
    pub(crate) fn lift(&self) {
        self.is_lifted.store(true, Ordering::Release);
        self.lifted.notify_waiters();
    }

    /// Returns the time that is left; `None` if there is no pause.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        if self.is_lifted.load(Ordering::Acquire) {
            return None;
        }
        let end = match self.end.load(Ordering::Relaxed) {
            // No pause yet: the usual case needs no clock.
            0 => return None,
            end => Duration::from_millis(end),
        };
        let remaining = end.checked_sub(self.created.elapsed())?;
        (!remaining.is_zero()).then_some(remaining)
    }

    /// Waits until the pause has ended, however often it is extended.
    pub(crate) async fn ended(&self) {
        loop {
            let mut lifted = pin!(self.lifted.notified());
            // Before the check, so that no notification is missed.
            lifted.as_mut().enable();
            let Some(remaining) = self.remaining() else {
                return;
            };
            if timeout(remaining, lifted).await.is_ok() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_pause_replaces_a_shorter_one_up_to_a_minute() {
        let pause = ServerPause::new("http://a");
        assert_eq!(pause.remaining(), None);
        pause.extend(Duration::from_secs(50));
        pause.extend(Duration::from_secs(1));
        assert!(pause.remaining() > Some(Duration::from_secs(40)));
        pause.extend(Duration::MAX);
        assert!(pause.remaining() > Some(Duration::from_secs(50)));
        assert!(pause.remaining() <= Some(Duration::from_millis(60_001)));
        pause.lift();
        pause.extend(Duration::from_secs(9));
        assert_eq!(pause.remaining(), None);
    }
}
