//! Errors of the engine. Each one names the model file, the fact and the next step.

use std::io::ErrorKind as IoKind;
use std::path::Path;

use crate::error::{Error, ErrorKind, excerpt};

/// Help for a file that is valid but cannot be run.
pub(super) const USE_ANOTHER_FILE: &str =
    "Use another file of the model, or run it as `ollama:NAME`.";

/// Help for a file whose header does not have a part that it needs.
pub(super) const GET_OR_CONVERT_AGAIN: &str = "Get the file again from its source, or convert the model again with a current version of llama.cpp's `convert_hf_to_gguf.py`.";

/// Error for a file that does not exist or cannot be opened.
pub(super) fn cannot_open(path: &Path, error: &std::io::Error) -> Error {
    let shown = show_path(path);
    if error.kind() != IoKind::NotFound {
        return Error::embedded(
            ErrorKind::ModelLoad,
            format!("the model file `{shown}` cannot be opened: {error}"),
            "Give this user permission to read the file, or use another one.",
        );
    }
    let help = if shown.starts_with('~') {
        "Write the whole path: `~` is not expanded here. A shell expands it only at the beginning of a word.".to_owned()
    } else if path.is_relative() {
        let directory = std::path::absolute(".").map_or_else(
            |_| "the working directory".to_owned(),
            |directory| format!("the working directory, `{}`", directory.display()),
        );
        format!(
            "The path is relative to {directory}. Check it, or write an absolute path to be independent of that directory."
        )
    } else {
        "Check the path. `gguf:` expects the path of a file that is already on this machine."
            .to_owned()
    };
    Error::embedded(
        ErrorKind::ModelNotFound,
        format!("the model file `{shown}` does not exist"),
        help,
    )
}

/// Error for a file that cannot be run.
pub(super) fn unusable(path: &Path, problem: &str, help: &str) -> Error {
    Error::embedded(
        ErrorKind::ModelLoad,
        format!(
            "the model file `{}` cannot be run: {problem}",
            show_path(path)
        ),
        help,
    )
}

/// Error for a request that needs a feature which the model does not have.
pub(super) fn unsupported(path: &Path, feature: &str, reason: &str) -> Error {
    Error::embedded(
        ErrorKind::Capability,
        format!(
            "the model file `{}` does not support {feature}: {reason}",
            show_path(path)
        ),
        format!(
            "Leave out {feature}, or use a model that supports {feature}: another file, or `ollama:NAME`."
        ),
    )
}

/// Error for a schema that exceeds the limits of the grammar engine.
pub(super) fn unenforceable(problem: &str) -> Error {
    Error::configuration(
        format!("the schema cannot be enforced: {problem}"),
        "Use a simpler type: look for a pattern that the engine does not support, limits that no value satisfies, or thousands of alternatives.",
    )
}

/// Error for an unexpected failure inside the engine.
pub(super) fn engine_failed(path: &Path, problem: &str) -> Error {
    Error::embedded(
        ErrorKind::Interrupted,
        format!(
            "the engine failed while it ran `{}`: {}",
            show_path(path),
            excerpt(problem)
        ),
        "The file may be damaged in a part that is only read when the model runs. Try a fresh copy of it, or run the model as `ollama:NAME`.",
    )
}

/// Formats a path for an error message.
pub(super) fn show_path(path: &Path) -> String {
    excerpt(&path.display().to_string())
}

/// Returns the first line of a library's error message, shortened for display.
pub(super) fn first_line(error: &impl ToString) -> String {
    excerpt(error.to_string().lines().next().unwrap_or_default())
}
