//! Values that are computed once.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::output::{Output, OutputSpec};

/// A value that is computed at its first use and then kept.
#[derive(Debug)]
pub(crate) struct OnceValue<T>(OnceLock<T>);

impl<T> OnceValue<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Returns the value, computing it with `make` if needed.
    ///
    /// `make` runs outside the lock, because it may run user code, such as the schema of a type. Two threads may
    /// therefore both run it; the value of the first one to finish is kept.
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

/// Returns the output specification of `T`, computing it at the first use.
pub(crate) fn output_spec<T: Output>() -> &'static OutputSpec {
    // A program has few output types: an ordered map finds one without hashing.
    static SPECS: RwLock<BTreeMap<TypeId, &'static OutputSpec>> = RwLock::new(BTreeMap::new());
    let id = TypeId::of::<T>();
    let specs = SPECS.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(spec) = specs.get(&id).copied() {
        return spec;
    }
    drop(specs);
    // Computed outside the lock, because the schema of a type is user code. If two threads compute it, the value
    // of the first one to finish is kept. The other value is dropped: it is leaked only on insertion.
    let spec = OutputSpec::for_type::<T>();
    #[cfg(feature = "testing")]
    let spec = spec.with_check::<T>();
    let mut specs = SPECS.write().unwrap_or_else(PoisonError::into_inner);
    specs.entry(id).or_insert_with(|| Box::leak(Box::new(spec)))
}
