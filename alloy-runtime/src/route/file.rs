//! The model file that a command asks.

use std::path::Path;

use super::ModelName;
use crate::error::Error;

/// Where a model file lies. Without the feature that runs one there is none.
#[derive(Clone, Debug)]
pub(crate) struct ModelPath(Held);

#[cfg(feature = "embedded")]
type Held = std::sync::Arc<Path>;
#[cfg(not(feature = "embedded"))]
type Held = std::convert::Infallible;

#[cfg(feature = "embedded")]
impl ModelPath {
    #[allow(clippy::unnecessary_wraps, reason = "it fails without the feature")]
    pub(super) fn of(name: &ModelName) -> Result<Self, Error> {
        Ok(Self(Path::new(name.as_str()).into()))
    }

    pub(crate) fn as_path(&self) -> &Path {
        &self.0
    }
}

#[cfg(not(feature = "embedded"))]
impl ModelPath {
    /// # Errors
    ///
    /// Always: the program was built without the feature `embedded`.
    pub(super) fn of(name: &ModelName) -> Result<Self, Error> {
        Err(Error::configuration(
            format!(
                "model `gguf:{}` is a file, and this program was built without the engine that runs one; turn on the feature `embedded` of alloy-runtime",
                crate::error::excerpt(name.as_str())
            ),
            "In Cargo.toml: alloy-runtime = { version = \"0.1\", features = [\"embedded\"] }. Or name a model of a server: `ollama:NAME`.",
        ))
    }

    pub(crate) fn as_path(&self) -> &Path {
        self.never()
    }

    pub(crate) fn never(&self) -> ! {
        match self.0 {}
    }
}
