//! What stands behind a command.

use std::fmt;

use crate::error::{Error, excerpt};

/// What answers a command.
///
/// The real models are the only ones so far. A name that is not known is an error and never ignored:
/// a program that was meant to run offline must not reach a model by accident.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Backend {
    /// The model's own route: a server, or the engine in this process.
    #[default]
    Real,
}

impl Backend {
    pub(super) fn parse(given: &str, text: &str) -> Result<Self, Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "real" => Ok(Self::Real),
            _ => Err(Error::configuration(
                format!("{given} is `{}`; expected `real`", excerpt(text)),
                format!("Unset {given}: this version of alloy-runtime has no other backend."),
            )),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real => f.write_str("real"),
        }
    }
}
