//! Text that is cheap to clone, whatever its origin.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Text from an attribute (static), from a layer that many commands read (shared), or from one call (owned).
#[derive(Clone)]
pub(crate) enum SharedStr {
    Static(&'static str),
    Shared(Arc<str>),
    Owned(String),
}

impl SharedStr {
    /// Makes the text cheap to clone, for a layer that many commands read.
    pub(super) fn make_shared(&mut self) {
        if let Self::Owned(text) = self {
            *self = Self::Shared(Arc::from(text.as_str()));
        }
    }
}

impl PartialEq for SharedStr {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Deref for SharedStr {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Shared(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl fmt::Debug for SharedStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for SharedStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}
