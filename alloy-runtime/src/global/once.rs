//! What is made once.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::output::{Expectation, Output};

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
