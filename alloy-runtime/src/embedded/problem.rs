//! What the engine has to say where it cannot go on: each error names the file, the fact and the next step.

use std::io::ErrorKind as IoKind;
use std::path::Path;

use crate::error::{Error, ErrorKind, excerpt};

/// There is no such file, or it cannot be opened.
pub(super) fn missing(path: &Path, error: &std::io::Error) -> Error {
    let shown = shown(path);
    if error.kind() != IoKind::NotFound {
        return Error::embedded(
            ErrorKind::ModelLoad,
            format!("the model file `{shown}` cannot be opened: {error}"),
            "Let this user read the file, or name another.",
        );
    }
    let help = if shown.starts_with('~') {
        "A shell writes the home folder in place of `~` only at the beginning of a word: write the whole path.".to_owned()
    } else if path.is_relative() {
        let from = std::path::absolute(".").map_or_else(
            |_| "the current folder".to_owned(),
            |folder| format!("`{}`", folder.display()),
        );
        format!(
            "The path is relative to the folder that the program was started in, {from}. Write the whole path to be independent of that."
        )
    } else {
        "Check the path; `gguf:` takes the path of a file that is already on this machine."
            .to_owned()
    };
    Error::embedded(
        ErrorKind::ModelNotFound,
        format!("there is no model file `{shown}`"),
        help,
    )
}

/// The file is there, and cannot be run.
pub(super) fn unusable(path: &Path, problem: &str, help: &str) -> Error {
    Error::embedded(
        ErrorKind::ModelLoad,
        format!("the model file `{}` cannot be run: {problem}", shown(path)),
        help,
    )
}

/// The model cannot do what was asked for.
pub(super) fn incapable(path: &Path, of: &str, why: &str) -> Error {
    Error::embedded(
        ErrorKind::Capability,
        format!(
            "the model file `{}` does not support {of}: {why}",
            shown(path)
        ),
        format!(
            "Leave out what needs {of}, or ask a model that can, in a file or by `ollama:NAME`."
        ),
    )
}

/// Something in the engine went wrong that should not.
pub(super) fn broken(path: &Path, what: &str) -> Error {
    Error::embedded(
        ErrorKind::Interrupted,
        format!(
            "the engine stopped while it ran `{}`: {}",
            shown(path),
            excerpt(what)
        ),
        "The file may be damaged in a way that only shows when it runs; another copy of it, or the same model by `ollama:NAME`, tells.",
    )
}

/// A path as an error shows it.
pub(super) fn shown(path: &Path) -> String {
    excerpt(&path.display().to_string())
}
