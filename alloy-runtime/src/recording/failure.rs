//! Errors in recordings.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::backend::file_name;
use crate::error::{ConnectionError, Error, ErrorKind};

/// An error that ended an exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordedFailure {
    #[serde(serialize_with = "write_kind", deserialize_with = "read_kind")]
    kind: ErrorKind,
    message: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    help: String,
}

/// The kinds of errors that can end an exchange, by their names in a file.
const KINDS: [(&str, ErrorKind); 13] = [
    ("unreachable", ErrorKind::Unreachable),
    ("wrong_server", ErrorKind::WrongServer),
    ("timed_out", ErrorKind::TimedOut),
    ("interrupted", ErrorKind::Interrupted),
    ("protocol", ErrorKind::Protocol),
    ("model_not_found", ErrorKind::ModelNotFound),
    ("model_load", ErrorKind::ModelLoad),
    ("model_stopped", ErrorKind::ModelStopped),
    ("capability", ErrorKind::Capability),
    ("out_of_memory", ErrorKind::OutOfMemory),
    ("context_overflow", ErrorKind::ContextOverflow),
    ("overloaded", ErrorKind::Overloaded),
    ("server", ErrorKind::Server),
];

/// Lists the names of a table for an error message.
pub(super) fn names<T>(known: &[(&'static str, T)]) -> String {
    let names: Vec<_> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
    names.join(", ")
}

impl RecordedFailure {
    /// Keeps an error; `None` for a kind that is not about an exchange.
    pub(crate) fn new(error: &Error) -> Option<Self> {
        let kind = error.kind();
        let is_known = KINDS.iter().any(|(_, known)| *known == kind);
        is_known.then(|| Self {
            kind,
            message: error.to_string(),
            help: error.help(),
        })
    }

    /// Names the model file by its name alone, since its folder differs between machines.
    pub(crate) fn name_file(&mut self, path: &str) {
        for text in [&mut self.message, &mut self.help] {
            *text = text.replace(path, file_name(path));
        }
    }

    /// Creates the failure of a reply that broke off.
    pub(crate) fn interrupted() -> Self {
        let error = Error::new(ConnectionError::Interrupted { begun: true });
        Self {
            kind: error.kind(),
            message: error.to_string(),
            help: error.help(),
        }
    }

    /// Returns the error.
    pub(crate) fn error(&self) -> Error {
        match self.kind {
            ErrorKind::Interrupted => Error::new(ConnectionError::Interrupted { begun: true }),
            kind => Error::embedded(kind, self.message.clone(), self.help.clone()),
        }
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn write_kind<S: Serializer>(kind: &ErrorKind, serializer: S) -> Result<S::Ok, S::Error> {
    let mut kinds = KINDS.iter();
    let name = kinds.find(|(_, known)| known == kind);
    serializer.serialize_str(name.map_or("", |(name, _)| name))
}

fn read_kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ErrorKind, D::Error> {
    use serde::de::Error as _;

    let name = String::deserialize(deserializer)?;
    let kind = KINDS.iter().find(|(known, _)| *known == name);
    let unknown = || format!("unknown kind `{name}`; expected one of {}", names(&KINDS));
    kind.map(|(_, kind)| *kind)
        .ok_or_else(|| D::Error::custom(unknown()))
}
