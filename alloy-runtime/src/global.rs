//! The only room with global state: what is read, made or opened once and shared by all commands.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;

use crate::config::{Config, Layer, Settings, Source, env};
use crate::embedded::{Engine, Generation, same_file};
use crate::error::{Detail, Error};
use crate::output::{Expectation, Output};
use crate::route::Target;
use crate::transport::Client;

/// Clients kept at a time. A program has one runtime, a test suite many, one after the other: the one
/// that was not used for longest goes first, and with it the connections of a runtime that is gone.
const MOST_CLIENTS: usize = 32;

/// A value that is made at its first use, and kept.
#[derive(Debug)]
pub(crate) struct Once<T>(OnceLock<T>);

impl<T> Once<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The value. `make` is the program's own code where it makes a schema: two threads may both run it,
    /// and the first to come back has its own kept.
    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        match self.0.get() {
            Some(value) => value,
            None => {
                let value = make();
                self.0.get_or_init(|| value)
            }
        }
    }
}

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

tokio::task_local! {
    /// The innermost scope of the running task, with those around it merged into it.
    static SCOPE: Arc<Config>;
    /// How many commands run the tools that the task is in.
    static DEPTH: u32;
}

/// The scope of the running task.
pub(crate) fn scope() -> Option<Arc<Config>> {
    SCOPE.try_with(Arc::clone).ok()
}

/// Runs `future` in a scope.
pub(crate) fn scoped<F: Future>(scope: Arc<Config>, future: F) -> impl Future<Output = F::Output> {
    SCOPE.scope(scope, future)
}

/// Runs the tools of a command that was made in `scope`: what they ask of a model has the same.
pub(crate) async fn in_tools<F: Future>(scope: Option<Arc<Config>>, future: F) -> F::Output {
    let future = DEPTH.scope(depth() + 1, future);
    match scope {
        Some(scope) => scoped(scope, future).await,
        None => future.await,
    }
}

/// How many commands run the tools in which this one is asked.
pub(crate) fn depth() -> u32 {
    DEPTH.try_with(|depth| *depth).unwrap_or_default()
}

/// Runs a function on a thread of its own, where it may block, with the runtime and the scope of this task.
///
/// A runtime waits at its end for its own blocking threads, and a program with one that hangs would never end.
///
/// # Errors
///
/// The machine has no more threads.
pub(crate) fn on_a_thread<T: Send + 'static>(
    run: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<oneshot::Receiver<T>> {
    let (sender, receiver) = oneshot::channel();
    let (runtime, scope, depth) = (Handle::try_current(), scope(), depth());
    let thread = std::thread::Builder::new().name("alloy-tool".to_owned());
    thread.spawn(move || {
        let _entered = runtime.as_ref().map(Handle::enter);
        let run = || DEPTH.sync_scope(depth, run);
        // Where nobody waits any more, it is lost.
        drop(sender.send(match scope {
            Some(scope) => SCOPE.sync_scope(scope, run),
            None => run(),
        }));
    })?;
    Ok(receiver)
}

/// What the output type `T` asks of an answer; made at its first use.
pub(crate) fn expectation<T: Output>() -> &'static Expectation {
    static EXPECTATIONS: RwLock<BTreeMap<TypeId, &'static Expectation>> =
        RwLock::new(BTreeMap::new());
    let id = TypeId::of::<T>();
    // A program has a handful of output types: an ordered map finds one without hashing.
    let known = EXPECTATIONS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(expectation) = known.get(&id).copied() {
        return expectation;
    }
    drop(known);
    // Made outside the lock: a type's schema is the user's code. Two threads may both make it; the
    // first to come back keeps its own, and the other is lost once.
    let made = Expectation::of::<T>();
    let mut known = EXPECTATIONS.write().unwrap_or_else(PoisonError::into_inner);
    known.entry(id).or_insert_with(|| Box::leak(Box::new(made)))
}

/// The async runtime that a command is awaited in.
///
/// # Errors
///
/// There is none.
pub(crate) fn runtime() -> Result<Handle, Error> {
    Handle::try_current().map_err(|_| {
        Error::configuration(
            "a command was awaited outside a tokio runtime",
            "Await it in a function that tokio runs, such as `#[tokio::main] async fn main()`; without a runtime, turn the feature `blocking` on and call `.blocking()` instead.",
        )
    })
}

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

/// The HTTP client of the current async runtime, for servers on this machine or for others.
///
/// A connection belongs to the runtime that opened it, so no two runtimes share a client.
///
/// # Errors
///
/// Outside a tokio runtime there is none.
pub(crate) fn client(loopback: bool, connect_timeout: Duration) -> Result<Client, Error> {
    static CLIENTS: RwLock<Vec<Pooled>> = RwLock::new(Vec::new());
    let key = ClientKey {
        runtime: runtime()?.id(),
        loopback,
        connect_timeout,
    };
    let clients = CLIENTS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = clients.iter().find_map(|pooled| pooled.of(key)) {
        return Ok(client);
    }
    drop(clients);
    let mut clients = CLIENTS.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = clients.iter().find_map(|pooled| pooled.of(key)) {
        return Ok(client);
    }
    let client = Client::new(loopback, connect_timeout)?;
    if clients.len() == MOST_CLIENTS {
        let oldest = clients
            .iter()
            .enumerate()
            .min_by_key(|(_, pooled)| pooled.last_use());
        if let Some((oldest, _)) = oldest {
            clients.swap_remove(oldest);
        }
    }
    clients.push(Pooled {
        key,
        client: client.clone(),
        used: AtomicU64::new(next_use()),
    });
    Ok(client)
}

/// What clients differ in.
#[derive(Clone, Copy, PartialEq)]
struct ClientKey {
    runtime: Id,
    loopback: bool,
    connect_timeout: Duration,
}

/// A client, and the number of its last use among all uses.
struct Pooled {
    key: ClientKey,
    client: Client,
    used: AtomicU64,
}

impl Pooled {
    /// The client, where it is the one of `key`; this counts as a use.
    fn of(&self, key: ClientKey) -> Option<Client> {
        (self.key == key).then(|| {
            self.used.store(next_use(), Ordering::Relaxed);
            self.client.clone()
        })
    }

    fn last_use(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

fn next_use() -> u64 {
    static USES: AtomicU64 = AtomicU64::new(0);
    USES.fetch_add(1, Ordering::Relaxed)
}

/// Runs a future to its end on the one background runtime of the process.
///
/// # Errors
///
/// Inside a runtime this thread is one that must not wait.
#[cfg(feature = "blocking")]
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, Error> {
    static BACKGROUND: Mutex<Option<Handle>> = Mutex::new(None);
    match Handle::try_current() {
        Err(error) if error.is_missing_context() => {}
        // It can also be that this thread is at its end.
        Ok(_) | Err(_) => {
            return Err(Error::configuration(
                "`.blocking()` was called inside an async runtime; a thread of a runtime must not wait",
                "Write `.await` instead of `.blocking()`. In `spawn_blocking`, await the command outside and pass its value in.",
            ));
        }
    }
    let handle = {
        let mut known = BACKGROUND.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some(handle) => handle.clone(),
            // A failure is not kept: it may pass.
            None => known.insert(background()?).clone(),
        }
    };
    Ok(handle.block_on(future))
}

/// A runtime whose thread does nothing but keep connections alive: the calls run on the threads that
/// wait for them.
#[cfg(feature = "blocking")]
fn background() -> Result<Handle, Error> {
    let failed = |error: std::io::Error| {
        Error::configuration(
            "the background runtime of `.blocking()` could not be started",
            "Look at the cause: usually a limit of threads or of open files.",
        )
        .with_source(error)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("alloy-blocking".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))
        .map_err(failed)?;
    Ok(handle)
}
