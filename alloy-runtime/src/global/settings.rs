//! The settings that all commands share: the environment, and what the program configured over it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::config::{Config, Layer, Settings, Source, env};
use crate::error::Error;
use crate::route::Target;

/// What every command shares: the environment and the defaults, read at the first use of either, and
/// the layer of the process over them.
///
/// # Errors
///
/// A variable that cannot be read is the error of every command, until the process starts again
/// with a better one.
pub(crate) fn shared() -> Result<Arc<Settings>, Error> {
    Ok(shared_as_of()?.0)
}

/// The same, with the number of the state that it is of.
fn shared_as_of() -> Result<(Arc<Settings>, u64), Error> {
    let shared = SHARED.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(settings) = &shared.settings {
        return Ok((Arc::clone(settings), STATE.load(Ordering::Acquire)));
    }
    drop(shared);
    let mut shared = SHARED.write().unwrap_or_else(PoisonError::into_inner);
    let process = shared.process.clone().unwrap_or_default();
    let settings = Arc::new(Settings::of_layers(&[
        (&process.layer, Source::Process),
        (own_environment()?, Source::Environment),
        (&Layer::defaults(), Source::Default),
    ]));
    shared.settings = Some(Arc::clone(&settings));
    Ok((settings, STATE.load(Ordering::Acquire)))
}

static SHARED: RwLock<Shared> = RwLock::new(Shared {
    process: None,
    settings: None,
});

/// Counts how often what is shared was changed. It is changed under the lock of [`SHARED`].
static STATE: AtomicU64 = AtomicU64::new(0);

struct Shared {
    /// What was configured; `None` where nothing was.
    process: Option<Arc<Config>>,
    /// What comes of it, environment and defaults; made at the first use.
    settings: Option<Arc<Settings>>,
}

/// Where a command goes that sets nothing for its call: found out once, and again where what all
/// commands share was changed.
#[derive(Debug)]
pub(crate) struct Resolved(RwLock<Option<(u64, Arc<Target>)>>);

impl Resolved {
    pub(crate) const fn new() -> Self {
        Self(RwLock::new(None))
    }

    /// What `resolve` makes of what is shared, or what it made of it before.
    pub(crate) fn get(
        &self,
        resolve: impl FnOnce(&Settings) -> Result<Target, Error>,
    ) -> Result<Arc<Target>, Error> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((state, target)) = &*known {
            if *state == STATE.load(Ordering::Acquire) {
                return Ok(Arc::clone(target));
            }
        }
        drop(known);
        let (shared, state) = shared_as_of()?;
        let target = Arc::new(resolve(&shared)?);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = known.replace((state, Arc::clone(&target)));
        drop(known);
        // Outside of the lock: with it may go a hook, and with that the user's own values.
        drop(old);
        Ok(target)
    }
}

/// Makes a new layer of the process out of the one there is, and gives back both: the old and the new.
pub(crate) fn update_process(
    update: impl FnOnce(Option<Config>) -> Config,
) -> (Option<Arc<Config>>, Arc<Config>) {
    let mut shared = SHARED.write().unwrap_or_else(PoisonError::into_inner);
    let old = shared.process.take();
    let new = update(old.as_deref().cloned()).shared();
    shared.process = Some(Arc::clone(&new));
    let settings = shared.settings.take();
    STATE.fetch_add(1, Ordering::Release);
    drop(shared);
    // Outside of the lock: with them may go a hook, and with that the user's own values.
    drop(settings);
    (old, new)
}

/// The environment as it was at the first use.
fn own_environment() -> Result<&'static Layer, Error> {
    static ENVIRONMENT: OnceLock<Result<Layer, Error>> = OnceLock::new();
    ENVIRONMENT
        .get_or_init(environment)
        .as_ref()
        .map_err(Error::again)
}

/// The environment as it is now.
pub(crate) fn environment() -> Result<Layer, Error> {
    env::layer(std::env::vars_os())
}
