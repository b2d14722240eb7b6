//! The place of a test at which it uses a stand-in.

use std::panic::Location;

use crate::error::Error;

/// A place in a test. Failures name it, because the panic itself is inside of a future or of a destructor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller(&'static Location<'static>);

impl Caller {
    /// Returns the place of the caller.
    #[track_caller]
    pub(super) fn new() -> Self {
        Self(Location::caller())
    }

    /// Fails the test.
    #[track_caller]
    #[allow(clippy::panic, reason = "a test fails by a panic")]
    pub(super) fn fail(self, message: &str) -> ! {
        panic!("{}\nat {}", message.trim_end(), self.0)
    }

    /// Fails the test if there is a report.
    #[track_caller]
    pub(super) fn check(self, report: Option<String>) {
        if let Some(report) = report {
            self.fail(&report);
        }
    }

    /// Returns a value, or fails the test.
    #[track_caller]
    pub(super) fn passed<T>(self, result: Result<T, Error>) -> T {
        result.unwrap_or_else(|error| self.fail(&format!("{error:?}")))
    }
}
