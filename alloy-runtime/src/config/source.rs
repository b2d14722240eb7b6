//! A value, and the layer that it came from.

use std::fmt;

/// A value and the layer it came from.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) source: Source,
}

/// Where a setting's value came from, strongest first.
///
/// ```
/// use alloy_runtime::{Source, command};
///
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> String;
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// let settings = hello().temperature(0.2).preview()?.settings;
/// assert_eq!(settings.source("model"), Some(Source::Attribute));
/// assert_eq!(settings.source("temperature"), Some(Source::Call));
/// assert_eq!(settings.source("seed"), None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Source {
    /// A setter on this command: `.temperature(0.2)`.
    Call,
    /// The command's attribute: `#[command(temperature = 0.2)]`.
    Attribute,
    /// The [`with_config`](crate::with_config) that the command was made in, or first polled in where
    /// it was made outside any.
    Scope,
    /// [`configure`](crate::configure) or [`replace_config`](crate::replace_config).
    Process,
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
            Self::Scope => "scope",
            Self::Process => "process",
            Self::Environment => "environment",
            Self::Default => "default",
        })
    }
}

impl<T> Setting<T> {
    /// A layer's value, with the layer.
    pub(crate) fn of(value: Option<T>, source: Source) -> Option<Self> {
        value.map(|value| Self { value, source })
    }
}
