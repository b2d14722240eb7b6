//! Cassettes of tests: the files that are open, and what the environment says of them.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread::ThreadId;

use crate::error::Error;

/// The files of the cassettes that are in use.
static OPEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file that one cassette uses, until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenFile(PathBuf);

/// Reserves a file for one cassette. `path` must be absolute.
///
/// # Errors
///
/// Another cassette uses the file.
pub(crate) fn open_file(path: PathBuf) -> Result<OpenFile, Error> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if open.contains(&path) {
        return Err(Error::configuration(
            format!(
                "cassette {} is in use already in this process; expected one test per cassette",
                path.display()
            ),
            "Give each test a cassette: `cassette!()` names it after the test, `cassette!(\"name\")` by a name.",
        ));
    }
    open.push(path.clone());
    Ok(OpenFile(path))
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|path| *path != self.0);
    }
}

/// Returns the value of an environment variable. Tests of a process share its environment, so it is read each time.
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?;
    Some(value.to_string_lossy().into_owned())
}

/// Counts the uses of a name on the current thread, which is that of one test, and returns the number of this one: 1 for
/// the first.
pub(crate) fn next_use(name: &str) -> usize {
    static USES: Mutex<Vec<(ThreadId, String)>> = Mutex::new(Vec::new());
    let this = std::thread::current().id();
    let mut uses = USES.lock().unwrap_or_else(PoisonError::into_inner);
    uses.push((this, name.to_owned()));
    let same = uses
        .iter()
        .filter(|(thread, known)| *thread == this && known == name);
    same.count()
}
