//! The table of keys, and the structs that hold one field a key.

use std::sync::Arc;
use std::time::Duration;

use super::source::{Setting, Source};
use super::{
    Api, Backend, Host, KeepAlive, OnInvalid, OnRetry, OptionPair, Options, Secret, Text, Think,
};
use crate::error::Span;

/// One key of the table: what the documentation says of it, for the test that holds it to that.
#[derive(Debug)]
#[non_exhaustive]
pub struct Key {
    /// Its name in attributes, setters and printed settings.
    pub name: &'static str,
    /// Whether an attribute takes it.
    pub attribute: bool,
    /// Whether a call has a setter for it; a `Config` has one for every key.
    pub call: bool,
    /// The variables that set it, strongest first.
    pub variables: &'static [&'static str],
    /// Its default, as settings print it.
    pub default: Option<String>,
}

/// Writes the structs that hold one field a key, so that a new key is one new line.
///
/// A line is: name, type, how it is shown, its default, who can set it beside a `Config`, the
/// variables.
macro_rules! keys {
    ($($key:ident: $type:ty, $show:expr, $default:expr, [$($who:ident)*], [$($variable:literal)*];)*) => {
        /// The values that one layer sets; `None` leaves a key to the weaker layers.
        #[derive(Clone, Default)]
        pub(crate) struct Layer {
            $(pub(crate) $key: Option<$type>,)*
            pub(crate) options: Options,
        }

        /// The values that a command runs with, each with the layer it came from.
        ///
        /// `Display` prints a line a key that has a value; secrets are blanked.
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
            $(pub(crate) $key: Option<Setting<$type>>,)*
            /// Names and JSON, each with its own layer.
            pub(crate) options: Vec<(Text, Setting<Text>)>,
        }

        impl Layer {
            /// A layer that sets nothing.
            pub(crate) const EMPTY: Self = Self {
                $($key: None,)*
                options: Options::EMPTY,
            };

            /// Alloy's own defaults.
            pub(crate) fn defaults() -> Self {
                Self {
                    $($key: $default,)*
                    ..Self::EMPTY
                }
            }

            /// Puts the stronger layer's values over these, key by key, and options name by name.
            pub(crate) fn merge(&mut self, stronger: Self) {
                $(if stronger.$key.is_some() {
                    self.$key = stronger.$key;
                })*
                self.options.merge(stronger.options);
            }

            /// The keys that are set, as text.
            pub(super) fn each(&self) -> Vec<(&'static str, String)> {
                let mut lines = Vec::new();
                $(if let Some(value) = &self.$key {
                    let show: fn(&$type) -> String = $show;
                    lines.push((stringify!($key), show(value)));
                })*
                lines
            }
        }

        impl Settings {
            /// Puts the values of a call, of its attribute and of its scope over these, which hold for all
            /// calls and are resolved once.
            pub(crate) fn under(
                &self,
                mut call: Option<Box<Layer>>,
                attribute: &Layer,
                scope: Option<&Layer>,
            ) -> Self {
                Self {
                    $($key: match (&mut call, scope) {
                        (Some(call), _) if call.$key.is_some() => {
                            Setting::of(call.$key.take(), Source::Call)
                        }
                        _ if attribute.$key.is_some() => {
                            Setting::of(attribute.$key.clone(), Source::Attribute)
                        }
                        (_, Some(scope)) if scope.$key.is_some() => {
                            Setting::of(scope.$key.clone(), Source::Scope)
                        }
                        _ => self.$key.clone(),
                    },)*
                    options: options(call.as_deref(), attribute, scope, &self.options),
                }
            }

            /// What holds for every call: the layers that no call has of its own, strongest first.
            pub(crate) fn of_layers(layers: &[(&Layer, Source)]) -> Self {
                let mut settings = Self {
                    $($key: None,)*
                    options: Vec::new(),
                    };
                for (layer, source) in layers {
                    $(if settings.$key.is_none() {
                        settings.$key = Setting::of(layer.$key.clone(), *source);
                    })*
                    push_options(&mut settings.options, layer, *source);
                }
                settings
            }

            /// The keys that have a value: name, the value as text, and the layer.
            pub(super) fn each(&self) -> Vec<(&'static str, String, Source)> {
                let mut lines = Vec::new();
                $(if let Some(Setting { value, source }) = &self.$key {
                    let show: fn(&$type) -> String = $show;
                    lines.push((stringify!($key), show(value), *source));
                })*
                lines
            }
        }

        /// The names of the keys that have a field.
        pub(super) const NAMES: &[&str] = &[$(stringify!($key)),*];

        /// The table of keys, in the order of the documentation.
        pub fn keys() -> Vec<Key> {
            let offers = |who: &[&str], name: &str| who.contains(&name);
            let mut keys = vec![$({
                let who: &[&str] = &[$(stringify!($who)),*];
                let default: Option<$type> = $default;
                let show: fn(&$type) -> String = $show;
                Key {
                    name: stringify!($key),
                    attribute: offers(who, "attribute"),
                    call: offers(who, "call"),
                    variables: &[$($variable),*],
                    default: default.as_ref().map(show),
                }
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
    };
}

keys! {
    model: Text, ToString::to_string, None, [attribute call], ["ALLOY_MODEL"];
    system: Text, |text| format!("{:?}", &**text), None, [attribute call], ["ALLOY_DEFAULT_SYSTEM" "ALLOY_SYSTEM"];
    temperature: f64, ToString::to_string, None, [attribute call], ["ALLOY_TEMPERATURE"];
    max_tokens: u32, ToString::to_string, None, [attribute call], ["ALLOY_MAX_TOKENS"];
    retry: u32, ToString::to_string, Some(1), [attribute call], ["ALLOY_RETRY"];
    auto_finalize_missing_output: bool, ToString::to_string, Some(true), [call], ["ALLOY_AUTO_FINALIZE_MISSING_OUTPUT"];
    on_invalid: OnInvalid, |_| "a function".to_owned(), None, [call], [];
    on_retry: OnRetry, |_| "a function".to_owned(), None, [call], [];
    timeout: Duration, span, None, [attribute call], ["ALLOY_TIMEOUT"];
    connect_timeout: Duration, span, Some(Duration::from_secs(10)), [call], ["ALLOY_CONNECT_TIMEOUT"];
    idle_timeout: Duration, span, Some(Duration::from_secs(300)), [call], ["ALLOY_IDLE_TIMEOUT"];
    max_tool_turns: u32, ToString::to_string, Some(10), [attribute call], ["ALLOY_MAX_TOOL_TURNS"];
    parallel_tools_max: u32, ToString::to_string, Some(8), [call], ["ALLOY_PARALLEL_TOOLS_MAX"];
    think: Think, ToString::to_string, None, [attribute call], ["ALLOY_THINK"];
    keep_alive: KeepAlive, ToString::to_string, None, [call], [];
    schema_in_prompt: bool, ToString::to_string, Some(true), [call], [];
    api: Api, ToString::to_string, None, [call], ["ALLOY_EXTRA_JSON"];
    host: Arc<Host>, |host| host.address().to_owned(), Some(Arc::new(Host::default())), [call], ["ALLOY_HOST" "OLLAMA_HOST"];
    api_key: Secret, ToString::to_string, None, [], ["OLLAMA_API_KEY"];
    base_url: Text, |url| super::place::shown(url), None, [], ["OPENAI_BASE_URL"];
    openai_api_key: Secret, ToString::to_string, None, [], ["OPENAI_API_KEY"];
    record_content: bool, ToString::to_string, Some(false), [], ["ALLOY_RECORD_CONTENT"];
    backend: Backend, ToString::to_string, Some(Backend::Real), [], ["ALLOY_BACKEND"];
}

fn span(duration: &Duration) -> String {
    Span(*duration).to_string()
}

/// The options of all layers, each name from the strongest that has it.
fn options(
    call: Option<&Layer>,
    attribute: &Layer,
    scope: Option<&Layer>,
    weaker: &[(Text, Setting<Text>)],
) -> Vec<(Text, Setting<Text>)> {
    let mut merged = Vec::new();
    if let Some(call) = call {
        push_options(&mut merged, call, Source::Call);
    }
    push_options(&mut merged, attribute, Source::Attribute);
    if let Some(scope) = scope {
        push_options(&mut merged, scope, Source::Scope);
    }
    for (name, setting) in weaker {
        if merged.iter().all(|(known, _)| known != name) {
            merged.push((name.clone(), setting.clone()));
        }
    }
    merged
}

/// Adds the options of a weaker layer.
fn push_options(merged: &mut Vec<(Text, Setting<Text>)>, layer: &Layer, source: Source) {
    for OptionPair { name, json } in layer.options.iter() {
        if merged.iter().all(|(known, _)| known != name) {
            let value = json.clone();
            merged.push((name.clone(), Setting { value, source }));
        }
    }
}

impl Layer {
    /// Makes its texts cheap to clone, for a layer that many commands read.
    pub(super) fn share(&mut self) {
        let texts = [&mut self.model, &mut self.system, &mut self.base_url];
        for text in texts.into_iter().flatten() {
            text.share();
        }
        self.options.share();
    }
}

impl Settings {
    /// Takes the attribute's system text, which was rendered for this call, unless the call has its own.
    pub(crate) fn render_system(&mut self, system: String) {
        if self
            .system
            .as_ref()
            .is_none_or(|set| set.source != Source::Call)
        {
            self.system = Some(Setting {
                value: Text::Owned(system),
                source: Source::Attribute,
            });
        }
    }

    /// The layer that a value came from; `None` where there is no value. The name is that of a key
    /// (`temperature`), or of an option (`options.num_ctx`), as the printed settings have it.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<Source> {
        let mut lines = self.lines().into_iter();
        lines.find_map(|(known, _, source)| (known == name).then_some(source))
    }

    /// A value as it is printed, by the same name; `None` where there is none. Secrets are blanked.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let settings = hello().option("num_ctx", 8192).preview()?.settings;
    /// assert_eq!(settings.get("options.num_ctx").as_deref(), Some("8192"));
    /// assert_eq!(settings.get("idle_timeout").as_deref(), Some("5m"));
    /// assert_eq!(settings.get("temperature"), None);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let mut lines = self.lines().into_iter();
        lines.find_map(|(known, value, _)| (known == name).then_some(value))
    }
}
