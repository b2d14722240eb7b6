//! The clock of the engine, which measures its own replies as a server does, and shows the date to chat templates.

use std::time::{Instant, SystemTime};

#[allow(
    clippy::disallowed_methods,
    reason = "the only place where the engine reads a clock"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Returns the seconds since 1970, in UTC.
#[allow(
    clippy::disallowed_methods,
    reason = "some models are trained with the date in their prompt"
)]
pub(super) fn seconds_since_1970() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
