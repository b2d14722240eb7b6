//! `KeptEntries` in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::key::RequestKey;

/// `KeptEntries` in memory, up to a number. The one that was not used for the longest time is removed.
#[derive(Debug)]
pub(super) struct Memory {
    max_entries: usize,
    entries: Mutex<KeptEntries>,
}

#[derive(Debug, Default)]
struct KeptEntries {
    by_key: HashMap<RequestKey, MemoryEntry>,
    /// The number of uses so far.
    uses: u64,
}

#[derive(Debug)]
struct MemoryEntry {
    json: Arc<[u8]>,
    written: Instant,
    last_use: u64,
}

impl Memory {
    pub(super) fn new(max_entries: usize) -> Self {
        Self {
            max_entries,
            entries: Mutex::default(),
        }
    }

    pub(super) fn read(&self, key: RequestKey, max_age: Option<Duration>) -> Option<Arc<[u8]>> {
        let mut entries = self.lock();
        entries.uses += 1;
        let uses = entries.uses;
        let entry = entries.by_key.get_mut(&key)?;
        let is_old = max_age.is_some_and(|max| entry.written.elapsed() > max);
        entry.last_use = uses;
        (!is_old).then(|| Arc::clone(&entry.json))
    }

    pub(super) fn write(&self, key: RequestKey, json: Vec<u8>) {
        let mut entries = self.lock();
        if self.max_entries == 0 {
            return;
        }
        let KeptEntries { by_key, uses } = &mut *entries;
        *uses += 1;
        if by_key.len() >= self.max_entries && !by_key.contains_key(&key) {
            let oldest = by_key.iter().min_by_key(|(_, entry)| entry.last_use);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                by_key.remove(&oldest);
            }
        }
        let entry = MemoryEntry {
            json: json.into(),
            written: Instant::now(),
            last_use: *uses,
        };
        by_key.insert(key, entry);
    }

    /// Removes the entries that are older than a limit, and returns their number.
    pub(super) fn prune(&self, max_age: Duration) -> usize {
        let mut entries = self.lock();
        let before = entries.by_key.len();
        let is_new = |entry: &MemoryEntry| entry.written.elapsed() <= max_age;
        entries.by_key.retain(|_, entry| is_new(entry));
        before - entries.by_key.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, KeptEntries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ModelIdentity;

    fn key(number: u8) -> RequestKey {
        let identity = ModelIdentity {
            server: "",
            model: "m",
            revision: "",
        };
        RequestKey::new("native", format!("{{\"n\":{number}}}").as_bytes(), identity)
    }

    #[test]
    fn the_entry_that_was_not_used_for_the_longest_time_is_removed() {
        let memory = Memory::new(2);
        memory.write(key(1), vec![1]);
        memory.write(key(2), vec![2]);
        assert!(memory.read(key(1), None).is_some());
        memory.write(key(3), vec![3]);
        assert!(memory.read(key(2), None).is_none());
        assert_eq!(memory.read(key(1), None).as_deref(), Some(&[1][..]));
        memory.write(key(1), vec![9]);
        assert_eq!(memory.read(key(1), None).as_deref(), Some(&[9][..]));
        assert!(memory.read(key(3), None).is_some());
        let none = Memory::new(0);
        none.write(key(1), vec![1]);
        assert!(none.read(key(1), None).is_none());
    }
}
