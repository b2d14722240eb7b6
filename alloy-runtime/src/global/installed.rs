//! Stand-ins that are installed for an async runtime or a thread, and the latch that forbids requests.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;

use tokio::runtime::{Handle, Id};

use crate::config::Config;
use crate::error::{ConnectionError, Error};

/// The commands that a stand-in is installed for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reach {
    /// Those on a runtime, in its tasks and in the threads of its tools.
    Runtime(Id),
    /// Those on a thread outside of any runtime.
    Thread(ThreadId),
}

impl Reach {
    fn current() -> Self {
        match Handle::try_current() {
            Ok(handle) => Self::Runtime(handle.id()),
            Err(_) => Self::Thread(std::thread::current().id()),
        }
    }
}

struct Installed {
    reach: Reach,
    /// The stand-in: `script`, `fake` or `cassette`.
    name: &'static str,
    /// The scope of the commands that have none; `None` if such a command is an error.
    scope: Option<Arc<Config>>,
}

static INSTALLED: Mutex<Vec<Installed>> = Mutex::new(Vec::new());

/// Length of [`INSTALLED`], so that a process without any takes no lock.
static COUNT: AtomicUsize = AtomicUsize::new(0);

static FORBIDDEN: AtomicBool = AtomicBool::new(false);

/// Removes what was installed when it is dropped.
#[derive(Debug)]
pub(crate) struct InstallGuard(Reach);

/// Installs the scope of a stand-in for the current runtime, or for the current thread outside of one. Without a scope,
/// commands that have none fail.
///
/// # Errors
///
/// Something is installed there already.
pub(crate) fn install(
    name: &'static str,
    scope: Option<Arc<Config>>,
) -> Result<InstallGuard, Error> {
    let reach = Reach::current();
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if installed.iter().any(|known| known.reach == reach) {
        return Err(Error::configuration(
            "a stand-in is installed already for this runtime or thread; expected one at a time",
            "Drop the guard of the first one, or use one `Script` with a list for each command (`.on(…)`).",
        ));
    }
    installed.push(Installed { reach, name, scope });
    COUNT.store(installed.len(), Ordering::Release);
    Ok(InstallGuard(reach))
}

impl Drop for InstallGuard {
    fn drop(&mut self) {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        let position = installed.iter().position(|known| known.reach == self.0);
        let removed = position.map(|position| installed.swap_remove(position));
        COUNT.store(installed.len(), Ordering::Release);
        drop(installed);
        // Dropped outside the lock, because hooks of the scope run user code in `Drop`.
        drop(removed);
    }
}

/// Returns what `find` says of the stand-in that is installed here.
fn find<T>(find: impl FnOnce(&Installed) -> T) -> Option<T> {
    if COUNT.load(Ordering::Acquire) == 0 {
        return None;
    }
    let reach = Reach::current();
    let installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    installed
        .iter()
        .find(|known| known.reach == reach)
        .map(find)
}

/// Returns the scope that is installed here.
pub(super) fn scope() -> Option<Arc<Config>> {
    find(|installed| installed.scope.clone()).flatten()
}

/// Checks that a command without a scope may run here.
///
/// # Errors
///
/// A stand-in runs a future on this runtime, and the command is outside of it, in a task that the test has spawned.
pub(crate) fn check_scope() -> Result<(), Error> {
    let name = find(|installed| installed.scope.is_none().then_some(installed.name));
    let Some(name) = name.flatten() else {
        return Ok(());
    };
    Err(Error::new(ConnectionError::Unanswered {
        message: format!(
            "the command is in a spawned task, outside of the scope of the test's {name}, so it was not sent"
        ),
        help: format!(
            "Install it for the whole runtime: `let _guard = {name}.install();` in place of `{name}.run(…)`. Or pass the scope on: `tokio::spawn(with_config(Config::current(), …))`."
        ),
    }))
}

/// Forbids requests to real models for the rest of the process.
pub(crate) fn forbid_requests() {
    FORBIDDEN.store(true, Ordering::Release);
}

/// Returns `true` if no request may be sent to a real model.
pub(crate) fn forbids_requests() -> bool {
    FORBIDDEN.load(Ordering::Acquire)
}
