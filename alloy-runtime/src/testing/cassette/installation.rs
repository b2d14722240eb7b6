//! A cassette that is installed.

use std::fmt;

use super::super::caller::Caller;
use super::tape::{Conclusion, TapeUse};
use super::threads::blocking;
use crate::global::InstallGuard;
use crate::recording;

/// A cassette that is installed. Returned by [`Cassette::install`](super::Cassette::install); dropping it removes the
/// cassette, writes what was recorded, and fails the test if the recordings do not fit.
pub struct CassetteInstallation(pub(super) Option<InstalledCassette>);

/// The parts of an installation; a cassette that is off has none.
pub(super) struct InstalledCassette {
    pub(super) used: TapeUse,
    pub(super) guard: InstallGuard,
    pub(super) caller: Caller,
}

impl fmt::Debug for CassetteInstallation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let installed = self.0.as_ref();
        let path = installed.map(|installed| &installed.used.tape.info.path);
        f.debug_tuple("CassetteInstallation").field(&path).finish()
    }
}

impl Drop for CassetteInstallation {
    fn drop(&mut self) {
        let Some(installed) = self.0.take() else {
            return;
        };
        let InstalledCassette {
            used,
            guard,
            caller,
        } = installed;
        drop(guard);
        // A failed test changes no file.
        if std::thread::panicking() {
            return;
        }
        let Conclusion { set, report } = used.tape.conclude();
        if let Some(set) = set {
            let path = used.tape.info.path.clone();
            caller.passed(blocking(move || recording::write(&path, &set)));
        }
        caller.check(report);
    }
}
