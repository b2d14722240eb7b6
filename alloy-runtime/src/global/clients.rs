//! The HTTP clients, each with its connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use tokio::runtime::Id;

use super::runtime;
use crate::error::Error;
use crate::transport::Client;

/// Clients kept at a time. A program has one runtime, a test suite many, one after the other: the one
/// that was not used for longest goes first, and with it the connections of a runtime that is gone.
const MOST_CLIENTS: usize = 32;

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
    /// NOTE: It may come again once its runtime is gone. The connections of that one are closed by then, and the
    /// client opens others.
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
