//! The macro that turns the table of keys into code.

/// Generates everything that the crate needs to know of each key: the fields of `Layer` and `Settings`,
/// merging, the setters, the environment reader, the attribute's setters of `CommandDefinition`, printing, and
/// the rows of `keys()`.
///
/// An entry reads:
///
/// ```text
/// /// Documentation of the public setter, with an example.
/// call temperature(temperature: f64) = Temperature::check(temperature) {
///     attribute: (temperature: f64) = temperature,
///     variables: ["ALLOY_TEMPERATURE"],
///     default: 1.0,
/// }
/// ```
///
/// - `call` gives the setter to `Command` and `Config`, `config` to `Config` only.
/// - `name(argument: type)` is the signature of the setter.
/// - `Kind::check(value)` checks a value by the rules of a [`SettingKind`](super::SettingKind);
///   `Kind::read(text)` parses a text.
///
/// The lines between the braces are optional and come in this order:
///
/// - `attribute` is the setter for `#[command(name = …)]`: its argument, and the value as a constant
///   expression.
/// - `variables` are environment variables, strongest first. Their kind implements `FromText`.
/// - `extra` is the name in `ALLOY_EXTRA_JSON` and `Config::extra`; `extra.rs` reads it.
/// - `default` applies if no layer sets the key. With a default, the field of `Settings` is a `Setting<T>`,
///   otherwise an `Option<Setting<T>>`.
macro_rules! define_keys {
    ($(
        $(#[$doc:meta])*
        $caller:ident $key:ident($argument:ident: $type:ty) = $kind:ident::$function:ident($value:expr) {
            $(attribute: ($literal:ident: $literal_type:ty) = $constant:expr,)?
            $(variables: [$($variable:literal),+],)?
            $(extra: $extra:literal,)?
            $(default: $default:expr,)?
        }
    )*) => {
        /// The values that one layer sets; `None` leaves a key to the weaker layers.
        #[derive(Clone, Default)]
        pub(crate) struct Layer {
            $(pub(crate) $key: Option<<$kind as SettingKind>::Value>,)*
            pub(crate) options: Options,
        }

        /// Values that a command runs with, each with the layer that it came from.
        ///
        /// `Display` prints one line for each key that has a value, without secrets.
        ///
        /// ```
        /// use alloy_runtime::command;
        ///
        /// #[command("Say hello", model = "ollama:llama3.1")]
        /// async fn hello() -> String;
        ///
        /// # fn main() -> Result<(), alloy_runtime::Error> {
        /// let settings = hello().temperature(0.2).preview()?.settings;
        /// let printed = settings.to_string();
        /// assert!(printed.contains("ollama:llama3.1  (attribute, pinned)"));
        /// assert!(printed.contains("0.2  (call)"));
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Clone)]
        pub struct Settings {
            $(pub(crate) $key: resolved_field!(<$kind as SettingKind>::Value $(, $default)?),)*
            pub(crate) options: ResolvedOptions,
        }

        impl Layer {
            /// A layer that sets nothing.
            pub(crate) const EMPTY: Self = Self {
                $($key: None,)*
                options: Options::EMPTY,
            };

            $(
                pub(crate) fn $key(&mut self, $argument: $type) -> Result<(), Error> {
                    let origin = Origin::Setter(stringify!($key));
                    self.$key = Some(<$kind>::$function(origin, $value)?);
                    Ok(())
                }
            )*

            /// Reads the keys that have variables of their own; `get` returns the text of a variable.
            pub(super) fn from_variables<'a>(
                get: impl Fn(&str) -> Option<&'a str>,
            ) -> Result<Self, Error> {
                let mut layer = Self::default();
                $($(layer.$key = read_variables::<$kind>(&get, &[$($variable),+])?;)?)*
                Ok(layer)
            }

            /// Overwrites these values with those of a stronger layer, key by key, and options name by name.
            pub(crate) fn merge(&mut self, stronger: Self) {
                $(if let Some(mut value) = stronger.$key {
                    if let Some(weaker) = &self.$key {
                        <$kind as SettingKind>::add_weaker(&mut value, weaker);
                    }
                    self.$key = Some(value);
                })*
                self.options.merge(stronger.options);
            }

            /// Makes the values cheap to clone, for a layer that many commands read.
            pub(super) fn make_shared(&mut self) {
                $(if let Some(value) = &mut self.$key {
                    <$kind as SettingKind>::make_shared(value);
                })*
                self.options.make_shared();
            }

            /// Prints the keys that are set.
            pub(super) fn print(&self) -> Vec<(&'static str, String)> {
                let mut lines = Vec::new();
                $(if let Some(value) = &self.$key {
                    lines.push((stringify!($key), <$kind as SettingKind>::print(value)));
                })*
                lines
            }
        }

        impl Settings {
            /// Resolves the layers that all commands share, strongest first, and the defaults.
            pub(crate) fn from_layers(layers: &[(&Layer, SettingSource)]) -> Self {
                let mut options = ResolvedOptions::new();
                for (layer, source) in layers {
                    add_options(&mut options, &layer.options, *source);
                }
                Self {
                    $($key: {
                        let mut set = layers.iter().filter_map(|(layer, source)| {
                            Some((layer.$key.as_ref()?, *source))
                        });
                        let found = set.next().map(|(value, source)| {
                            let mut value = value.clone();
                            for (weaker, _) in set {
                                <$kind as SettingKind>::add_weaker(&mut value, weaker);
                            }
                            Setting { value, source }
                        });
                        ResolvedField::or_weaker(found, || default_field!($($default)?))
                    },)*
                    options,
                }
            }

            /// Resolves the layers of one call over these settings, which all commands share.
            pub(crate) fn with_layers(
                &self,
                mut call: Option<Box<Layer>>,
                attribute: &Layer,
                scope: Option<&Layer>,
            ) -> Self {
                let mut options = ResolvedOptions::new();
                if let Some(call) = &call {
                    add_options(&mut options, &call.options, SettingSource::Call);
                }
                add_options(&mut options, &attribute.options, SettingSource::Attribute);
                if let Some(scope) = scope {
                    add_options(&mut options, &scope.options, SettingSource::Scope);
                }
                add_resolved_options(&mut options, &self.options);
                Self {
                    $($key: {
                        let mut found = strongest::<$kind>(
                            call.as_mut().and_then(|call| call.$key.take()),
                            attribute.$key.as_ref(),
                            scope.and_then(|scope| scope.$key.as_ref()),
                        );
                        if let (Some(found), Some(weaker)) = (&mut found, self.$key.setting()) {
                            <$kind as SettingKind>::add_weaker(&mut found.value, &weaker.value);
                        }
                        ResolvedField::or_weaker(found, || self.$key.clone())
                    },)*
                    options,
                }
            }

            /// Prints the keys that have a value: name, value and layer.
            pub(super) fn print(&self) -> Vec<(&'static str, String, SettingSource)> {
                let mut lines = Vec::new();
                $(if let Some(Setting { value, source }) = self.$key.setting() {
                    lines.push((stringify!($key), <$kind as SettingKind>::print(value), *source));
                })*
                lines
            }
        }

        /// Names of the keys that have a field in [`Layer`].
        pub(super) const NAMES: &[&str] = &[$(stringify!($key)),*];

        /// Returns the table of keys, in the order of the documentation.
        pub fn keys() -> Vec<Key> {
            let mut keys = vec![$(Key {
                name: stringify!($key),
                attribute: is_present!($($literal)?),
                call: stringify!($caller) == "call",
                variables: &[$($($variable),+)? $(extra_variable!($extra))?],
                default: optional!($(<$kind as SettingKind>::print(&$default))?),
            }),*];
            keys.push(Key {
                name: "options",
                attribute: true,
                call: true,
                variables: &["ALLOY_EXTRA_JSON"],
                default: None,
            });
            keys
        }

        /// Generates the setters of a call. The type has a method
        /// `set(self, impl FnOnce(&mut Layer) -> Result<(), Error>) -> Self`; the types of the arguments
        /// are in scope.
        macro_rules! call_setters {
            () => {
                $($crate::config::keys::if_call! {
                    $caller
                    $(#[$doc])*
                    pub fn $key(self, $argument: $type) -> Self {
                        self.set(|layer| layer.$key($argument))
                    }
                })*
                $crate::config::keys::option_setter!();
            };
        }
        pub(crate) use call_setters;

        /// Generates the setters of `Config`, in the same way.
        macro_rules! config_setters {
            () => {
                $(
                    $(#[$doc])*
                    pub fn $key(self, $argument: $type) -> Self {
                        self.set(|layer| layer.$key($argument))
                    }
                )*
                $crate::config::keys::option_setter!();
            };
        }
        pub(crate) use config_setters;

        /// Generates the setters of `CommandDefinition` for the keys of an attribute. The type has a
        /// field `layer`.
        macro_rules! attribute_setters {
            () => {
                $($(
                    #[doc = concat!("Sets the key `", stringify!($key), "` of the attribute.")]
                    #[must_use]
                    pub const fn $key(mut self, $literal: $literal_type) -> Self {
                        // A constant cannot run a destructor; the key was unset before and needs none.
                        let _unset = ::std::mem::ManuallyDrop::new(self.layer.$key.replace($constant));
                        self
                    }
                )?)*
            };
        }
        pub(crate) use attribute_setters;
    };
}

/// The type of a field of `Settings`, without and with a default.
macro_rules! resolved_field {
    ($type:ty) => { Option<Setting<$type>> };
    ($type:ty, $default:expr) => { Setting<$type> };
}

/// The value of a field of `Settings` that no layer sets.
macro_rules! default_field {
    () => {
        None
    };
    ($default:expr) => {
        Setting::from_default($default)
    };
}

macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

macro_rules! is_present {
    () => {
        false
    };
    ($name:ident) => {
        true
    };
}

/// The variable that holds the extras.
macro_rules! extra_variable {
    ($name:literal) => {
        "ALLOY_EXTRA_JSON"
    };
}

/// Keeps an item if its key can be set by a call.
macro_rules! if_call {
    (call $($item:tt)*) => { $($item)* };
    (config $($item:tt)*) => {};
}

pub(crate) use if_call;
pub(super) use {default_field, define_keys, extra_variable, is_present, optional, resolved_field};
