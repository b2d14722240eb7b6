//! The digests of models, which the cache asks each server for once.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The digest of each model, by server and name; empty if the server does not tell it.
static DIGESTS: LazyLock<Mutex<HashMap<(String, String), String>>> = LazyLock::new(Mutex::default);

/// Returns the digest of a model, if its server was asked for it before.
pub(crate) fn known_digest(server: &str, model: &str) -> Option<String> {
    let digests = DIGESTS.lock().unwrap_or_else(PoisonError::into_inner);
    digests.get(&(server.to_owned(), model.to_owned())).cloned()
}

/// Remembers the digest of a model.
pub(crate) fn remember_digest(server: &str, model: &str, digest: &str) {
    let mut digests = DIGESTS.lock().unwrap_or_else(PoisonError::into_inner);
    digests.insert((server.to_owned(), model.to_owned()), digest.to_owned());
}
