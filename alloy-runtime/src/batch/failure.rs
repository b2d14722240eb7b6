//! The consequences of a failed command for its batch.

use std::time::Duration;

use tokio::task::JoinError;

use crate::error::{BatchError, Error, ErrorKind};
use crate::tool::panic_message;

/// The first pause after a transient failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that the batch chooses itself.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// The consequence of a failed command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consequence {
    /// The other rows would fail as well: the batch stops.
    StopBatch,
    /// The server may answer later: the batch pauses, and asks the row again if no tool has run.
    Pause { may_ask_again: bool },
    /// The model or its server is at fault. Some such rows one after the other stop the batch.
    Count,
    /// The failure concerns this row alone.
    KeepGoing,
}

impl Consequence {
    pub(super) fn of(error: &Error) -> Self {
        if error.is_transient() {
            // Tools that have run would run a second time.
            let may_ask_again = error.tool_turns() == 0;
            return Self::Pause { may_ask_again };
        }
        match error.kind() {
            ErrorKind::Configuration
            | ErrorKind::Unauthorized
            | ErrorKind::ModelNotFound
            | ErrorKind::WrongServer
            | ErrorKind::Capability
            | ErrorKind::Journal => Self::StopBatch,
            ErrorKind::ModelLoad
            | ErrorKind::OutOfMemory
            | ErrorKind::Server
            | ErrorKind::Protocol => Self::Count,
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

/// Returns the error of a task that did not end.
pub(super) fn aborted(error: JoinError) -> Error {
    match error.try_into_panic() {
        Ok(payload) => panicked(panic_message(payload)),
        Err(_) => Error::configuration(
            "the tokio runtime of a batch was shut down before the batch had ended",
            "Poll a batch in one runtime, until its end.",
        ),
    }
}

pub(super) fn panicked(message: String) -> Error {
    Error::new(BatchError::Panicked { message })
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
