//! The engines of model files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::embedded::{Engine, Generation, same_file};
use crate::error::{Detail, Error};

/// Asks the engine that runs a model file; starts it where it does not run. Each file has one.
///
/// # Errors
///
/// The machine has no more threads.
pub(crate) fn generate(path: &Path, body: Bytes) -> Result<Generation, Error> {
    static ENGINES: Mutex<BTreeMap<PathBuf, Engine>> = Mutex::new(BTreeMap::new());
    let file = same_file(path);
    let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
    let running = engines.get(&file);
    if let Some(generation) = running.and_then(|engine| engine.ask(body.clone())) {
        return Ok(generation);
    }
    engines.retain(|_, engine| engine.is_running());
    let engine = Engine::start(path)?;
    let generation = engine.ask(body);
    engines.insert(file, engine);
    generation.ok_or_else(|| Error::new(Detail::Interrupted { begun: false }))
}
