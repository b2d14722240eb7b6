//! The consequences of a failed command for its batch.

use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// The first pause after a transient failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that the batch chooses itself.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// The consequence of a failed command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consequence {
    /// All rows would fail: the batch stops.
    StopBatch,
    /// The row may succeed later.
    AskAgain,
    /// The failure concerns this row alone.
    KeepGoing,
}

impl Consequence {
    pub(super) fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Configuration
            | ErrorKind::Unauthorized
            | ErrorKind::ModelNotFound
            | ErrorKind::WrongServer
            | ErrorKind::Capability => Self::StopBatch,
            // The tools would run a second time.
            _ if error.is_transient() && error.tool_turns() == 0 => Self::AskAgain,
            _ => Self::KeepGoing,
        }
    }
}

/// The pauses after transient failures: longer each time, until a command succeeds.
#[derive(Debug, Default)]
pub(super) struct Backoff(Option<Duration>);

impl Backoff {
    /// Returns the next pause.
    pub(super) fn next(&mut self) -> Duration {
        let pause = self.0.map_or(FIRST_PAUSE, |last| (last * 2).min(MAX_PAUSE));
        self.0 = Some(pause);
        pause
    }

    pub(super) fn reset(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..8).map(|_| backoff.next().as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        backoff.reset();
        assert_eq!(backoff.next(), FIRST_PAUSE);
    }
}
