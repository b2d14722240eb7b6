//! The list of keys, and the structs that hold one field a key.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::source::{Setting, Source};
use super::{Host, Secret, Text};

/// The layers of one command, strongest first: its own two by value, the shared ones by reference.
pub(crate) struct Layers<'a> {
    pub(crate) call: Layer,
    pub(crate) attribute: Layer,
    pub(crate) environment: &'a Layer,
    pub(crate) defaults: &'a Layer,
}

/// Writes the structs that hold one field a key, so that a new key is one new line.
macro_rules! keys {
    ($($key:ident: $type:ty = $show:expr,)*) => {
        /// The values that one layer sets; `None` leaves a key to the weaker layers.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Layer {
            $(pub(crate) $key: Option<$type>,)*
        }

        /// The values that a command runs with, each with the layer it came from.
        ///
        /// `Display` prints a line a key that is set; secrets are blanked.
        ///
        /// ```
        /// use alloy_runtime::command;
        ///
        /// #[command("Say hello", model = "ollama:llama3.1")]
        /// async fn hello() -> String;
        ///
        /// # fn main() -> Result<(), alloy_runtime::Error> {
        /// let settings = hello().temperature(0.2).preview()?.settings;
        /// assert!(settings.to_string().contains("temperature  0.2  (call)"));
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Clone)]
        pub struct Settings {
            $(pub(crate) $key: Option<Setting<$type>>,)*
        }

        impl Settings {
            /// Picks each key's value from the strongest layer that has one.
            pub(crate) fn resolve(layers: Layers<'_>) -> Self {
                let Layers { call, attribute, environment, defaults } = layers;
                Self {
                    $($key: Setting::first(
                        [
                            (call.$key, Source::Call),
                            (attribute.$key, Source::Attribute),
                        ],
                        [
                            (&environment.$key, Source::Environment),
                            (&defaults.$key, Source::Default),
                        ],
                    ),)*
                }
            }

            /// Calls `line` with the name, the value as text and the layer of each key that is set.
            pub(super) fn each(
                &self,
                mut line: impl FnMut(&'static str, String, Source) -> fmt::Result,
            ) -> fmt::Result {
                $(if let Some(Setting { value, source }) = &self.$key {
                    let show: fn(&$type) -> String = $show;
                    line(stringify!($key), show(value), *source)?;
                })*
                Ok(())
            }
        }
    };
}

keys! {
    model: Text = ToString::to_string,
    system: Text = |text| format!("{:?}", &**text),
    temperature: f64 = ToString::to_string,
    max_tokens: u32 = ToString::to_string,
    timeout: Duration = |value| crate::error::Span(*value).to_string(),
    host: Arc<Host> = |host| host.address().to_owned(),
    api_key: Secret = ToString::to_string,
}
