//! How settings read: a line a key that has a value.

use std::fmt;

use super::{Config, Layer, OptionPair, Settings, Source};

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines();
        let width = lines.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
        let mut separator = "";
        for (name, value, source) in lines {
            // A model in the attribute is a pin: say so, since no variable will change it.
            let pinned = match (name.as_str(), source) {
                ("model", Source::Attribute) => ", pinned",
                _ => "",
            };
            write!(f, "{separator}{name:<width$}  {value}  ({source}{pinned})")?;
            separator = "\n";
        }
        Ok(())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Settings");
        for (name, value, source) in self.lines() {
            out.field(&name, &format_args!("{value} ({source})"));
        }
        out.finish()
    }
}

impl Settings {
    /// Every value there is: name, text and layer; options are named `options.num_ctx`.
    pub(super) fn lines(&self) -> Vec<(String, String, Source)> {
        let keys = self.each().into_iter();
        let keys = keys.map(|(name, value, source)| (name.to_owned(), value, source));
        let options = self.options.iter().map(|(name, set)| {
            let name = format!("options.{name}");
            (name, set.value.to_string(), set.source)
        });
        keys.chain(options).collect()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Config");
        self.layer.show(&mut out);
        if let Some(refused) = &self.refused {
            out.field("refused", &format_args!("{refused}"));
        }
        out.finish()
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Layer");
        self.show(&mut out);
        out.finish()
    }
}

impl Layer {
    /// What is set, as it may be shown.
    fn show(&self, out: &mut fmt::DebugStruct<'_, '_>) {
        for (name, value) in self.each() {
            out.field(name, &format_args!("{value}"));
        }
        for OptionPair { name, json } in self.options.iter() {
            out.field(&format!("options.{name}"), &format_args!("{json}"));
        }
    }
}
