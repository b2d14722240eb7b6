//! HTTP clients and their connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use tokio::runtime::Id;

use super::runtime::runtime;
use crate::config::Proxies;
use crate::error::Error;
use crate::transport::Client;

/// Maximum number of clients kept.
///
/// A program has one runtime; a test suite has many, one after another. The client that was used least recently
/// is dropped first, and with it the connections of a runtime that has ended.
const MAX_CLIENTS: usize = 32;

/// Returns the HTTP client of the current async runtime, either for servers on this machine or for others.
///
/// A connection belongs to the runtime that opened it, so two runtimes never share a client.
///
/// # Errors
///
/// There is no current tokio runtime, or the client cannot be created.
pub(crate) fn client(loopback: bool, connect_timeout: Duration) -> Result<Client, Error> {
    static CLIENTS: RwLock<Vec<PooledClient>> = RwLock::new(Vec::new());
    let key = ClientKey {
        runtime: runtime()?.id(),
        loopback,
        connect_timeout,
    };
    let clients = CLIENTS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = clients.iter().find_map(|pooled| pooled.get(key)) {
        return Ok(client);
    }
    drop(clients);
    let mut clients = CLIENTS.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = clients.iter().find_map(|pooled| pooled.get(key)) {
        return Ok(client);
    }
    let variable = |name: &str| std::env::var_os(name)?.into_string().ok();
    let proxies = || Proxies::from_variables(variable);
    let client = Client::new((!loopback).then(proxies), connect_timeout)?;
    if clients.len() == MAX_CLIENTS {
        let oldest = clients
            .iter()
            .enumerate()
            .min_by_key(|(_, pooled)| pooled.last_use());
        if let Some((oldest, _)) = oldest {
            clients.swap_remove(oldest);
        }
    }
    clients.push(PooledClient {
        key,
        client: client.clone(),
        last_use: AtomicU64::new(next_use()),
    });
    Ok(client)
}

/// Settings that distinguish clients.
#[derive(Clone, Copy, PartialEq)]
struct ClientKey {
    /// NOTE: tokio may reuse an id after its runtime has ended. The connections of that runtime are closed by
    /// then, and the client opens new ones.
    runtime: Id,
    loopback: bool,
    connect_timeout: Duration,
}

struct PooledClient {
    key: ClientKey,
    client: Client,
    /// Sequence number of the last use, counted over all clients.
    last_use: AtomicU64,
}

impl PooledClient {
    /// Returns the client if its key is `key`, and records a use.
    fn get(&self, key: ClientKey) -> Option<Client> {
        (self.key == key).then(|| {
            self.last_use.store(next_use(), Ordering::Relaxed);
            self.client.clone()
        })
    }

    fn last_use(&self) -> u64 {
        self.last_use.load(Ordering::Relaxed)
    }
}

fn next_use() -> u64 {
    static USES: AtomicU64 = AtomicU64::new(0);
    USES.fetch_add(1, Ordering::Relaxed)
}
