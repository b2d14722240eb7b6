//! A pause that a server asked for, shared by the commands of a batch.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The time until which no command of a batch sends a request.
#[derive(Debug)]
pub(crate) struct ServerPause {
    created: Instant,
    /// Milliseconds from `created` to the end of the pause.
    end: AtomicU64,
}

impl ServerPause {
    pub(crate) fn new() -> Self {
        Self {
            created: Instant::now(),
            end: AtomicU64::new(0),
        }
    }

    /// Pauses all commands for at least this time from now on.
    pub(crate) fn extend(&self, pause: Duration) {
        let end = self.created.elapsed().saturating_add(pause);
        // Rounded up, so that nothing is sent a moment too early.
        let end = end.as_millis().saturating_add(1);
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        self.end.fetch_max(end, Ordering::Relaxed);
    }

    /// Returns the time that is left; `None` if there is no pause.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let end = Duration::from_millis(self.end.load(Ordering::Relaxed));
        let remaining = end.checked_sub(self.created.elapsed())?;
        (!remaining.is_zero()).then_some(remaining)
    }

    /// Waits until the pause has ended, however often it is extended.
    pub(crate) async fn ended(&self) {
        while let Some(remaining) = self.remaining() {
            sleep_until(Instant::now() + remaining).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_pause_replaces_a_shorter_one() {
        let pause = ServerPause::new();
        assert_eq!(pause.remaining(), None);
        pause.extend(Duration::from_secs(60));
        pause.extend(Duration::from_secs(1));
        assert!(pause.remaining() > Some(Duration::from_secs(50)));
        assert!(pause.remaining() < Some(Duration::from_secs(61)));
    }
}
