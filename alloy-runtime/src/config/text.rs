//! A piece of text that costs nothing to hand on, wherever it came from.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Text of the attribute (static), of the environment (shared by all commands) or of one call.
#[derive(Clone)]
pub(crate) enum Text {
    Static(&'static str),
    Shared(Arc<str>),
    Owned(String),
}

impl Text {
    /// Makes it cheap to clone, for a layer that many commands read.
    pub(super) fn share(&mut self) {
        if let Self::Owned(text) = self {
            *self = Self::Shared(Arc::from(text.as_str()));
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Shared(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}
