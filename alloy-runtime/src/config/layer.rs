//! The parts of a layer that the table of keys does not generate.

use std::fmt;

use serde::Serialize;

use super::keys::NAMES;
use super::{Layer, OptionPair, options};
use crate::error::Error;

impl Layer {
    /// Sets one option of the model.
    ///
    /// # Errors
    ///
    /// A configuration error if `name` is the name of a key, or if the value is not valid for the option.
    pub(crate) fn option(&mut self, name: &str, value: impl Serialize) -> Result<(), Error> {
        // It would be sent to the server as an unknown option, even if it is a secret.
        if NAMES.contains(&name) {
            let instead = format!("set the key `{name}` instead");
            return Err(options::not_an_option(name, &instead));
        }
        self.options.set(name, value)
    }

    /// Writes the values that are set, without secrets.
    pub(super) fn debug(&self, out: &mut fmt::DebugStruct<'_, '_>) {
        for (name, value) in self.print() {
            out.field(name, &format_args!("{value}"));
        }
        for OptionPair { name, json } in self.options.iter() {
            out.field(&format!("options.{name}"), &format_args!("{json}"));
        }
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Layer");
        self.debug(&mut out);
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A secret among them is neither sent nor shown.
    #[test]
    fn the_keys_of_the_table_are_not_options() {
        for name in NAMES {
            let error = Layer::default().option(name, "sk-1").unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("`{name}` is not an option of the model; set the key `{name}` instead")
            );
        }
        assert!(NAMES.contains(&"api_key") && NAMES.contains(&"timeout"));
    }
}
