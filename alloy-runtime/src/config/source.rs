//! A value, and the layer that it came from.

use std::fmt;

/// A value and the layer it came from.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) source: Source,
}

/// Where a setting's value came from, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// A setter on this command: `.temperature(0.2)`.
    Call,
    /// The command's attribute: `#[command(temperature = 0.2)]`.
    Attribute,
    /// A variable of the environment.
    Environment,
    /// Alloy's own default.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Call => "call",
            Self::Attribute => "attribute",
            Self::Environment => "environment",
            Self::Default => "default",
        })
    }
}

impl<T: Clone> Setting<T> {
    pub(crate) fn first<const OWN: usize, const SHARED: usize>(
        own: [(Option<T>, Source); OWN],
        shared: [(&Option<T>, Source); SHARED],
    ) -> Option<Self> {
        for (value, source) in own {
            if let Some(value) = value {
                return Some(Self { value, source });
            }
        }
        for (value, source) in shared {
            if let Some(value) = value {
                return Some(Self {
                    value: value.clone(),
                    source,
                });
            }
        }
        None
    }
}
