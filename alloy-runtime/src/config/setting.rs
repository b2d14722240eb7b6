//! A value of a setting together with the layer that it came from.

use std::fmt;

use super::kind::SettingKind;
use super::{OptionPair, Options, SharedStr};

/// A value and the layer that it came from.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) source: SettingSource,
}

/// The layer that the value of a setting came from, strongest first.
///
/// ```
/// use alloy_runtime::{SettingSource, command};
///
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> String;
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// let settings = hello().temperature(0.2).preview()?.settings;
/// assert_eq!(settings.source("model"), Some(SettingSource::Attribute));
/// assert_eq!(settings.source("temperature"), Some(SettingSource::Call));
/// assert_eq!(settings.source("seed"), None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SettingSource {
    /// A setter on this command: `.temperature(0.2)`.
    Call,
    /// The command's attribute: `#[command(temperature = 0.2)]`.
    Attribute,
    /// The [`with_config`](crate::with_config) that the command was made in, or first polled in if
    /// it was made outside of any.
    Scope,
    /// [`configure`](crate::configure) or [`replace_config`](crate::replace_config).
    Process,
    /// An environment variable.
    Environment,
    /// The default of Alloy.
    Default,
}

impl fmt::Display for SettingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Call => "call",
            Self::Attribute => "attribute",
            Self::Scope => "scope",
            Self::Process => "process",
            Self::Environment => "environment",
            Self::Default => "default",
        })
    }
}

impl<T> Setting<T> {
    pub(super) fn from_default(value: T) -> Self {
        Self {
            value,
            source: SettingSource::Default,
        }
    }
}

/// A field of [`Settings`](super::Settings): a [`Setting`] if its key has a default, otherwise an option
/// of one.
pub(super) trait ResolvedField<T>: Sized {
    /// Returns `found`, or the weaker value if no stronger layer sets the key.
    fn or_weaker(found: Option<Setting<T>>, weaker: impl FnOnce() -> Self) -> Self;

    fn setting(&self) -> Option<&Setting<T>>;
}

impl<T> ResolvedField<T> for Setting<T> {
    fn or_weaker(found: Option<Self>, weaker: impl FnOnce() -> Self) -> Self {
        found.unwrap_or_else(weaker)
    }

    fn setting(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<T> ResolvedField<T> for Option<Setting<T>> {
    fn or_weaker(found: Self, weaker: impl FnOnce() -> Self) -> Self {
        found.or_else(weaker)
    }

    fn setting(&self) -> Option<&Setting<T>> {
        self.as_ref()
    }
}

/// Returns the value of the strongest layer that sets a key.
pub(super) fn strongest<K: SettingKind>(
    call: Option<K::Value>,
    attribute: Option<&K::Value>,
    scope: Option<&K::Value>,
) -> Option<Setting<K::Value>> {
    let (mut value, source, weaker) = match (call, attribute, scope) {
        (Some(value), attribute, scope) => (value, SettingSource::Call, [attribute, scope]),
        (None, Some(value), scope) => (value.clone(), SettingSource::Attribute, [None, scope]),
        (None, None, Some(value)) => (value.clone(), SettingSource::Scope, [None, None]),
        (None, None, None) => return None,
    };
    for weaker in weaker.into_iter().flatten() {
        K::add_weaker(&mut value, weaker);
    }
    Some(Setting { value, source })
}

/// Options of the model from all layers: names, and values as JSON.
pub(crate) type ResolvedOptions = Vec<(SharedStr, Setting<SharedStr>)>;

/// Adds the options of a weaker layer; those that a stronger layer sets stay.
pub(super) fn add_options(
    resolved: &mut ResolvedOptions,
    options: &Options,
    source: SettingSource,
) {
    for OptionPair { name, json } in options.iter() {
        if resolved.iter().all(|(known, _)| known != name) {
            let value = json.clone();
            resolved.push((name.clone(), Setting { value, source }));
        }
    }
}

/// Adds the options of all weaker layers.
pub(super) fn add_resolved_options(resolved: &mut ResolvedOptions, weaker: &ResolvedOptions) {
    for (name, setting) in weaker {
        if resolved.iter().all(|(known, _)| known != name) {
            resolved.push((name.clone(), setting.clone()));
        }
    }
}
