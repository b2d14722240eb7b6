//! Models that failed a moment ago.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::ErrorKind;

/// Time for which commands that name another model leave out one that failed.
const LEFT_OUT: Duration = Duration::from_secs(30);

static FAILURES: LazyLock<Mutex<HashMap<String, (Instant, ErrorKind)>>> =
    LazyLock::new(Mutex::default);

/// Returns why a model failed, if that was a moment ago.
pub(crate) fn recent_failure(model: &str, now: Instant) -> Option<ErrorKind> {
    let mut failures = FAILURES.lock().unwrap_or_else(PoisonError::into_inner);
    failures.retain(|_, (time, _)| now.duration_since(*time) < LEFT_OUT);
    failures.get(model).map(|(_, kind)| *kind)
}

/// Remembers that a model failed.
pub(crate) fn remember_failure(model: String, now: Instant, kind: ErrorKind) {
    let mut failures = FAILURES.lock().unwrap_or_else(PoisonError::into_inner);
    failures.insert(model, (now, kind));
}
