//! Engines of model files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::embedded::{Engine, Generation, canonical_path};
use crate::error::{ConnectionError, Error};

/// Sends a request to the engine of a model file, and starts the engine if it is not running. Each file has one
/// engine.
///
/// # Errors
///
/// The engine's thread cannot be started, or ended before it took the request.
#[cfg_attr(
    not(feature = "embedded"),
    allow(
        clippy::zero_sized_map_values,
        reason = "without the feature no engine can be created, and the map stays empty"
    )
)]
pub(crate) fn generate(path: &Path, body: Bytes) -> Result<Generation, Error> {
    static ENGINES: Mutex<BTreeMap<PathBuf, Engine>> = Mutex::new(BTreeMap::new());
    let file = canonical_path(path);
    let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
    let running = engines.get(&file);
    if let Some(generation) = running.and_then(|engine| engine.submit(body.clone())) {
        return Ok(generation);
    }
    engines.retain(|_, engine| engine.is_running());
    let engine = Engine::start(path)?;
    let generation = engine.submit(body);
    engines.insert(file, engine);
    generation.ok_or_else(|| Error::new(ConnectionError::Interrupted { begun: false }))
}
