//! Reads and writes files of recordings. The functions block: callers run them on a thread of no async runtime.

use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{ErrorKind as IoErrorKind, Result as IoResult, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::check::check_replies;
use super::format::RecordingSet;
use crate::error::Error;

/// Runs a function that may block on a thread, and waits for it.
///
/// # Errors
///
/// The operating system cannot start another thread.
pub(crate) fn on_thread<T: Send + 'static>(
    function: impl FnOnce() -> T + Send + 'static,
) -> IoResult<T> {
    let thread = std::thread::Builder::new().name("alloy-recording".to_owned());
    match thread.spawn(function)?.join() {
        Ok(value) => Ok(value),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Returns one absolute path for each file, whatever path leads to it.
pub(crate) fn identity(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (Some(folder), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return absolute;
    };
    match folder.canonicalize() {
        Ok(folder) => folder.join(name),
        Err(_) => absolute,
    }
}

/// Reads a file; `None` if it does not exist.
///
/// # Errors
///
/// The file cannot be read, or is not a file of recordings in this version. The error names the place.
pub(crate) fn read(path: &Path) -> Result<Option<RecordingSet>, Error> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(damaged(path, "cannot be read").with_source(error));
        }
    };
    parse(path, &text).map(Some)
}

fn parse(path: &Path, text: &str) -> Result<RecordingSet, Error> {
    let syntax: Result<Value, _> = serde_json::from_str(text);
    let whole = syntax.map_err(|error| {
        let problem = match error.is_eof() {
            true => "is truncated",
            false => "is not valid JSON",
        };
        damaged(path, &format!("{problem}: {error}"))
    })?;
    match &whole["format"] {
        Value::Number(number) if number.as_u64() == Some(RecordingSet::FORMAT) => {}
        Value::Null => {
            return Err(damaged(
                path,
                "is not a file of recordings: it has no `format`; expected `\"format\": 1`",
            ));
        }
        other => {
            return Err(damaged(
                path,
                &format!(
                    "has the format {other}; expected {}, the one that this version of Alloy reads",
                    RecordingSet::FORMAT
                ),
            ));
        }
    }
    // Parsed once more from the text, because only that has lines and columns.
    let mut json = serde_json::Deserializer::from_str(text);
    let set: RecordingSet = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (place, problem) = (error.path().to_string(), error.into_inner());
        damaged(path, &format!("is not valid: {place}: {problem}"))
    })?;
    check_replies(&set).map_err(|problem| damaged(path, &format!("is not valid: {problem}")))?;
    Ok(set)
}

/// Checks that a file can be written, before a model is asked. Creates its folder.
///
/// # Errors
///
/// It cannot.
pub(crate) fn check_writable(path: &Path) -> Result<(), Error> {
    let temporary = temporary(path);
    let created = create_folder(path).and_then(|()| File::create(&temporary));
    created.map_err(|error| unwritable(path, error))?;
    fs::remove_file(&temporary).map_err(|error| unwritable(path, error))
}

/// Replaces a file in one step, so that it is never incomplete.
///
/// # Errors
///
/// The file cannot be written. The old one is unchanged then.
pub(crate) fn write(path: &Path, set: &RecordingSet) -> Result<(), Error> {
    let temporary = temporary(path);
    let json = serde_json::to_string_pretty(set);
    let written = json.map_err(std::io::Error::other).and_then(|json| {
        create_folder(path)?;
        let mut file = File::create(&temporary)?;
        file.write_all(json.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    });
    written.map_err(|error| {
        // It may not exist.
        drop(fs::remove_file(&temporary));
        unwritable(path, error)
    })
}

fn create_folder(path: &Path) -> IoResult<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::create_dir_all(folder),
        _ => Ok(()),
    }
}

/// Returns a new name in the folder of a file.
fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let random = RandomState::new().hash_one(path);
    path.with_file_name(format!(".{name}.{random:016x}.tmp"))
}

fn damaged(path: &Path, problem: &str) -> Error {
    Error::configuration(
        format!("cassette {} {problem}", path.display()),
        "Correct the file, restore it from version control, or record it again: `ALLOY_CASSETTE=rerecord cargo test`.",
    )
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    Error::configuration(
        format!("cassette {} cannot be written: {error}", path.display()),
        "Check that its folder exists and that you may write there.",
    )
    .with_source(error)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PATH: &str = "tests/cassettes/x.json";

    fn problem(text: &str) -> String {
        let error = parse(Path::new(PATH), text).unwrap_err().to_string();
        let problem = error.strip_prefix("cassette tests/cassettes/x.json ");
        problem.unwrap().to_owned()
    }

    fn exchange(reply: &Value) -> String {
        let mut exchange = json!({"protocol": "native", "command": "hello", "request": {}});
        let members = reply.as_object().unwrap().clone();
        exchange.as_object_mut().unwrap().extend(members);
        json!({"format": 1, "exchanges": [exchange]}).to_string()
    }

    #[test]
    fn a_damaged_file_is_reported_with_its_place() {
        assert_eq!(
            problem("{\n  \"format\": 1,\n  exchanges: []\n}"),
            "is not valid JSON: key must be a string at line 3 column 3"
        );
        assert_eq!(
            problem("{\"format\": 1, \"exchanges\": ["),
            "is truncated: EOF while parsing a list at line 1 column 28"
        );
        assert!(problem("").starts_with("is truncated: "));
        assert_eq!(
            problem("{\"format\": 2, \"exchanges\": [], \"more\": 1}"),
            "has the format 2; expected 1, the one that this version of Alloy reads"
        );
        assert!(problem("[]").contains("it has no `format`"));
    }

    #[test]
    fn a_reply_that_was_damaged_by_hand_is_reported_with_its_place() {
        let wire = |wire: Value| problem(&exchange(&json!({ "wire": wire })));
        let no_status = wire(json!({"body": {}}));
        assert!(
            no_status.starts_with("is not valid: exchanges[0]") && no_status.contains("`status`"),
            "{no_status}"
        );
        assert!(wire(json!({"status": 200})).contains("expected either `body` or `pieces`"));
        assert!(wire(json!({"status": "ok", "body": {}})).contains("at line 1 column"));
        assert!(wire(json!({"status": 200, "bodi": {}})).contains("unknown field `bodi`"));
        assert!(problem(&exchange(&json!({}))).contains("expected a reply"));
        let no_end = problem(&exchange(&json!({"events": ["Once"]})));
        assert!(no_end.contains("expected the last of `events`"), "{no_end}");
        let content = wire(json!({"status": 200, "body": {"message": 5, "done": true}}));
        assert!(
            content.starts_with("is not valid: exchanges[0].wire.body: "),
            "{content}"
        );
        let pieces = wire(json!({"status": 200, "pieces": ["{\"message\": 5}\n"]}));
        assert!(
            pieces.starts_with("is not valid: exchanges[0].wire.pieces: "),
            "{pieces}"
        );
    }
}
