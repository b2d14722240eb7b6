//! Settings shared by all commands: the environment, and the process-wide configuration on top of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::config::{Config, Layer, SettingSource, Settings, env, unknown_variables};
use crate::endpoint::Resolved;
use crate::error::Error;

/// Returns the settings shared by all commands: the process-wide layer over the environment over the defaults.
/// The environment is read once, at the first use.
///
/// # Errors
///
/// An environment variable is not valid. Every command then fails with this error until the process is
/// restarted.
pub(crate) fn shared() -> Result<Arc<Settings>, Error> {
    Ok(shared_with_revision()?.0)
}

fn shared_with_revision() -> Result<(Arc<Settings>, u64), Error> {
    let state = STATE.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(settings) = &state.settings {
        return Ok((Arc::clone(settings), REVISION.load(Ordering::Acquire)));
    }
    drop(state);
    warn_of_unknown_variables();
    let mut state = STATE.write().unwrap_or_else(PoisonError::into_inner);
    let process = state.process.clone().unwrap_or_default();
    let settings = Arc::new(Settings::from_layers(&[
        (&process.layer, SettingSource::Process),
        (process_environment()?, SettingSource::Environment),
    ]));
    state.settings = Some(Arc::clone(&settings));
    Ok((settings, REVISION.load(Ordering::Acquire)))
}

static STATE: RwLock<ProcessState> = RwLock::new(ProcessState {
    process: None,
    settings: None,
});

/// Number of changes to [`STATE`]. It is changed only while [`STATE`] is locked for writing.
static REVISION: AtomicU64 = AtomicU64::new(0);

struct ProcessState {
    /// The process-wide configuration, if there is one.
    process: Option<Arc<Config>>,
    /// The layers merged, once they were needed.
    settings: Option<Arc<Settings>>,
}

/// The cached [`Resolved`] of a command whose calls set nothing. It is resolved again after the shared settings
/// have changed.
#[derive(Debug)]
pub(crate) struct ResolvedCache(RwLock<Option<(u64, Arc<Resolved>)>>);

impl ResolvedCache {
    pub(crate) const fn new() -> Self {
        Self(RwLock::new(None))
    }

    /// Returns the cached value, or resolves it from the shared settings.
    ///
    /// # Errors
    ///
    /// The shared settings are not valid, or `resolve` failed. Errors are not cached.
    pub(crate) fn get(
        &self,
        resolve: impl FnOnce(&Settings) -> Result<Resolved, Error>,
    ) -> Result<Arc<Resolved>, Error> {
        let cached = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((revision, resolved)) = &*cached
            && *revision == REVISION.load(Ordering::Acquire)
        {
            return Ok(Arc::clone(resolved));
        }
        drop(cached);
        let (settings, revision) = shared_with_revision()?;
        let resolved = Arc::new(resolve(&settings)?);
        let mut cached = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = cached.replace((revision, Arc::clone(&resolved)));
        drop(cached);
        // Dropped outside the lock: it may hold the last reference to a hook, whose captured values run user code
        // in `Drop`.
        drop(old);
        Ok(resolved)
    }
}

/// Replaces the process-wide configuration with the result of `update`. Returns the old one and the new one.
pub(crate) fn update_process(
    update: impl FnOnce(Option<Config>) -> Config,
) -> (Option<Arc<Config>>, Arc<Config>) {
    let mut state = STATE.write().unwrap_or_else(PoisonError::into_inner);
    let old = state.process.take();
    let new = update(old.as_deref().cloned()).shared();
    state.process = Some(Arc::clone(&new));
    let settings = state.settings.take();
    REVISION.fetch_add(1, Ordering::Release);
    drop(state);
    // Dropped outside the lock: it may hold the last reference to a hook, whose captured values run user code in
    // `Drop`.
    drop(settings);
    (old, new)
}

/// Returns the environment as it was at the first use.
fn process_environment() -> Result<&'static Layer, Error> {
    static ENVIRONMENT: OnceLock<Result<Layer, Error>> = OnceLock::new();
    ENVIRONMENT
        .get_or_init(environment)
        .as_ref()
        .map_err(Error::clone_early)
}

/// Warns, once, of variables that are probably misspelt. It runs outside of locks, because a subscriber of `tracing`
/// runs user code.
fn warn_of_unknown_variables() {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Ordering::Relaxed) {
        for warning in unknown_variables(std::env::vars_os().map(|(name, _)| name)) {
            tracing::warn!("{warning}");
        }
    }
}

/// Reads the environment anew.
///
/// # Errors
///
/// A variable is not valid.
pub(crate) fn environment() -> Result<Layer, Error> {
    env::layer(std::env::vars_os())
}
