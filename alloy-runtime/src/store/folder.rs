//! Entries in a folder, one in each file. The functions block: callers run them on a thread of no async runtime.

use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{ErrorKind as IoErrorKind, Result as IoResult, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::key::RequestKey;

/// The ending of a file while it is written.
const TEMPORARY: &str = "tmp";

/// Returns the path of an entry, in one of 256 folders: some file systems are slow with many files in one.
fn path(folder: &Path, key: RequestKey) -> PathBuf {
    let name = key.to_string();
    folder.join(&name[..2]).join(format!("{name}.json"))
}

/// Reads an entry; `None` if there is none, or if it is too old.
///
/// # Errors
///
/// The file cannot be read.
pub(super) fn read(
    folder: &Path,
    key: RequestKey,
    max_age: Option<Duration>,
) -> IoResult<Option<Vec<u8>>> {
    let path = path(folder, key);
    let read = match max_age {
        None => fs::read(path),
        Some(max) => fs::metadata(&path).and_then(|metadata| match is_older(&metadata, max) {
            true => Err(IoErrorKind::NotFound.into()),
            false => fs::read(path),
        }),
    };
    match read {
        Ok(json) => Ok(Some(json)),
        Err(error) if error.kind() == IoErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes an entry in one step, so that other processes never read a part of it.
///
/// # Errors
///
/// The file cannot be written.
pub(super) fn write(folder: &Path, key: RequestKey, json: &[u8]) -> IoResult<()> {
    let path = path(folder, key);
    let temporary = path.with_extension(temporary_extension());
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(json)?;
        fs::rename(&temporary, &path)
    };
    let written = write().or_else(|error| match (error.kind(), path.parent()) {
        (IoErrorKind::NotFound, Some(parent)) => fs::create_dir_all(parent).and_then(|()| write()),
        _ => Err(error),
    });
    if written.is_err() {
        // It may not exist.
        drop(fs::remove_file(&temporary));
    }
    written
}

/// Returns a random ending, which no other thread and no other process uses at this time.
fn temporary_extension() -> String {
    let random = RandomState::new().hash_one(TEMPORARY);
    format!("{random:016x}.{TEMPORARY}")
}

/// Removes the entries that are older than a limit, and returns their number. Files that are no entries stay.
///
/// # Errors
///
/// A folder cannot be read, or a file cannot be removed.
pub(super) fn prune(folder: &Path, max_age: Duration) -> IoResult<usize> {
    let mut removed = 0;
    let folders = match fs::read_dir(folder) {
        Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(0),
        folders => folders?,
    };
    for part in folders {
        let part = part?;
        let is_part = part.file_name().len() == 2 && part.file_type()?.is_dir();
        for file in fs::read_dir(part.path()).into_iter().flatten().flatten() {
            let path = file.path();
            if !is_part || !is_entry(&path) || !is_older(&file.metadata()?, max_age) {
                continue;
            }
            match fs::remove_file(&path) {
                Ok(()) => removed += 1,
                // Another process removed it.
                Err(error) if error.kind() == IoErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(removed)
}

/// Returns `true` for an entry, and for one that was left behind while it was written.
fn is_entry(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (key, ending) = name.split_once('.').unwrap_or_default();
    key.parse::<RequestKey>().is_ok() && (ending == "json" || ending.ends_with(TEMPORARY))
}

/// Returns `true` if a file was written longer ago than a limit.
fn is_older(metadata: &fs::Metadata, max_age: Duration) -> bool {
    let modified = metadata.modified().ok();
    let age = modified.and_then(|modified| modified.elapsed().ok());
    age.is_some_and(|age| age > max_age)
}
