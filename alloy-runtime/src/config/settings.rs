//! The values that a command runs with.

use std::fmt;

use super::layer::{Layer, Source};

pub use super::layer::Settings;

/// A value and the layer it came from.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) source: Source,
}

/// The layers of one command, strongest first: its own two by value, the shared ones by reference.
pub(crate) struct Layers<'a> {
    pub(crate) call: Layer,
    pub(crate) attribute: Layer,
    pub(crate) environment: &'a Layer,
    pub(crate) defaults: &'a Layer,
}

impl<T: Clone> Setting<T> {
    pub(super) fn first<const OWN: usize, const SHARED: usize>(
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

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        self.each(|name, value, source| {
            // A model in the attribute is a pin: say so, since no variable will change it.
            let pinned = match (name, source) {
                ("model", Source::Attribute) => ", pinned",
                _ => "",
            };
            write!(f, "{separator}{name:<11}  {value}  ({source}{pinned})")?;
            separator = "\n";
            Ok(())
        })
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = f.debug_struct("Settings");
        self.each(|name, value, source| {
            lines.field(name, &format_args!("{value} ({source})"));
            Ok(())
        })?;
        lines.finish()
    }
}
