//! The only room with global state: what is read, made or opened once and shared by all commands.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use tokio::runtime::{Handle, Id};

use crate::config::{Host, Layer, env};
use crate::error::Error;
use crate::output::{Expectation, Output};
use crate::transport::Client;

/// Clients kept at a time. A program has one runtime, a test suite many, one after the other: the one
/// that was not used for longest goes first, and with it the connections of a runtime that is gone.
const MOST_CLIENTS: usize = 32;

/// The layers that every command shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) environment: Layer,
    pub(crate) defaults: Layer,
}

/// The environment and the defaults, read at the first use of either.
///
/// # Errors
///
/// A variable that cannot be read is the error of every command, until the process starts again
/// with a better one.
pub(crate) fn shared() -> Result<&'static Shared, Error> {
    static SHARED: OnceLock<Result<Shared, Error>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        Ok(Shared {
            environment: env::layer(std::env::vars_os())?,
            defaults: Layer {
                host: Some(Arc::new(Host::default())),
                ..Layer::default()
            },
        })
    });
    shared.as_ref().map_err(Error::again)
}

/// What the output type `T` asks of an answer; made at its first use.
pub(crate) fn expectation<T: Output>() -> &'static Expectation {
    static EXPECTATIONS: RwLock<Option<HashMap<TypeId, &'static Expectation>>> = RwLock::new(None);
    let id = TypeId::of::<T>();
    let known = EXPECTATIONS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(expectation) = known.as_ref().and_then(|known| known.get(&id).copied()) {
        return expectation;
    }
    drop(known);
    // Made outside the lock: a type's schema is the user's code. Two threads may both make it; the
    // first to come back keeps its own, and the other is lost once.
    let made = Expectation::of::<T>();
    let mut known = EXPECTATIONS.write().unwrap_or_else(PoisonError::into_inner);
    known
        .get_or_insert_default()
        .entry(id)
        .or_insert_with(|| Box::leak(Box::new(made)))
}

/// The HTTP client of the current async runtime, for servers on this machine or for others.
///
/// A connection belongs to the runtime that opened it, so no two runtimes share a client.
///
/// # Errors
///
/// Outside a tokio runtime there is none.
pub(crate) fn client(loopback: bool) -> Result<Client, Error> {
    static CLIENTS: RwLock<Vec<Pooled>> = RwLock::new(Vec::new());
    let runtime = Handle::try_current().map_err(|_| {
        Error::configuration(
            "a command was awaited outside a tokio runtime",
            "Await it in a function that tokio runs, such as `#[tokio::main] async fn main()`.",
        )
    })?;
    let key = (runtime.id(), loopback);
    let clients = CLIENTS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = clients.iter().find_map(|pooled| pooled.of(key)) {
        return Ok(client);
    }
    drop(clients);
    let mut clients = CLIENTS.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = clients.iter().find_map(|pooled| pooled.of(key)) {
        return Ok(client);
    }
    let client = Client::new(loopback)?;
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

/// A client, and the number of its last use among all uses.
struct Pooled {
    key: (Id, bool),
    client: Client,
    used: AtomicU64,
}

impl Pooled {
    /// The client, where it is the one of `key`; this counts as a use.
    fn of(&self, key: (Id, bool)) -> Option<Client> {
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
