//! Runs commands with a stand-in: those of a future, or those of the current runtime.

use std::fmt;
use std::future::Future;

use super::caller::Caller;
use crate::config::{Backend, Config};
use crate::global::{self, InstallGuard};

/// Runs a future, whose commands the stand-in answers. Commands outside of its task scope fail until it ends.
pub(super) async fn run<F: Future>(
    stand_in: impl Into<Backend>,
    caller: Caller,
    future: F,
) -> F::Output {
    let stand_in = stand_in.into();
    let guard = caller.passed(global::install(stand_in.name(), None));
    let mut scope = Config::current();
    scope.merge(Config::new().backend(stand_in));
    let output = global::scoped(scope.shared(), future).await;
    drop(guard);
    output
}

/// Answers the commands of the current runtime, or of the current thread outside of one, until the installation is
/// dropped. It calls `verify` then.
#[track_caller]
pub(super) fn install(
    stand_in: impl Into<Backend>,
    caller: Caller,
    verify: impl FnOnce() + Send + Sync + 'static,
) -> Installation {
    let stand_in = stand_in.into();
    let name = stand_in.name();
    let scope = Config::new().backend(stand_in).shared();
    let guard = caller.passed(global::install(name, Some(scope)));
    Installation {
        name,
        verify: Some(Box::new(verify)),
        _guard: guard,
    }
}

/// A stand-in that is installed. Dropping it removes the stand-in, and verifies a script.
pub struct Installation {
    name: &'static str,
    verify: Option<Box<dyn FnOnce() + Send + Sync>>,
    _guard: InstallGuard,
}

impl fmt::Debug for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Installation({})", self.name)
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Some(verify) = self.verify.take().filter(|_| !std::thread::panicking()) {
            verify();
        }
    }
}
