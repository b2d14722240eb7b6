//! How settings read: a line a key that is set.

use std::fmt;

use super::{Settings, Source};

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
