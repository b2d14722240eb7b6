//! The setting `think`.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, excerpt};

/// Amount of thinking before the answer, for models that can think.
///
/// `true` and `false` convert to [`On`](Think::On) and [`Off`](Think::Off):
///
/// ```
/// use alloy_runtime::{Think, command};
///
/// #[command("What is 17 times 23?", model = "ollama:qwen3:4b")]
/// async fn multiply() -> u32;
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// assert!(multiply().think(false).preview()?.body.contains(r#""think":false"#));
/// assert!(multiply().think(Think::High).preview()?.body.contains(r#""think":"high""#));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Think {
    /// No thinking. Models named `gpt-oss` think regardless.
    Off,
    /// The model's usual amount.
    On,
    /// A little thinking.
    Low,
    /// More thinking.
    Medium,
    /// Much thinking.
    High,
    /// As much thinking as possible. Requires Ollama 0.22 or later.
    Max,
}

impl Think {
    const ALL: [Self; 6] = [
        Self::Off,
        Self::On,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Max,
    ];

    /// Returns the value as JSON for the native protocol.
    pub(crate) fn to_json(self) -> &'static str {
        match self {
            Self::Off => "false",
            Self::On => "true",
            Self::Low => "\"low\"",
            Self::Medium => "\"medium\"",
            Self::High => "\"high\"",
            Self::Max => "\"max\"",
        }
    }

    /// Parses the output of [`Display`](fmt::Display), and other words for yes and no.
    pub(super) fn parse(given: &str, text: &str) -> Result<Self, Error> {
        let word = text.trim().to_ascii_lowercase();
        let level = Self::ALL
            .into_iter()
            .find(|level| level.to_string() == word);
        let found = level.or_else(|| super::parse::boolean(&word).map(Self::from));
        found.ok_or_else(|| {
            Error::configuration(
                format!(
                    "{given} is `{}`; expected true, false, low, medium, high or max",
                    excerpt(text)
                ),
                format!("Set {given} to one of these, or unset it: the model decides then."),
            )
        })
    }
}

impl FromStr for Think {
    type Err = Error;

    /// Parses the output of [`Display`](fmt::Display), and other words for yes and no.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse("the level of thinking", text)
    }
}

impl From<bool> for Think {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

impl fmt::Display for Think {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_json().trim_matches('"'))
    }
}
