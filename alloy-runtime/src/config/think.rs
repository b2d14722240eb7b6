//! Whether, and how long, a model thinks before it answers.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, excerpt};

/// Whether a model thinks before it answers, and how much, for models that can.
///
/// `true` and `false` stand for [`On`](Think::On) and [`Off`](Think::Off):
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
    /// It answers at once. The models named `gpt-oss` think all the same.
    Off,
    /// It thinks as much as it does by itself.
    On,
    /// It thinks a little.
    Low,
    /// It thinks more.
    Medium,
    /// It thinks much.
    High,
    /// It thinks as much as it can; servers from 0.22 know this level.
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

    /// The value's JSON on the native route.
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

    /// Reads what [`Display`](fmt::Display) writes, and other words for yes and no.
    pub(super) fn parse(given: &str, text: &str) -> Result<Self, Error> {
        let word = text.trim().to_ascii_lowercase();
        let level = Self::ALL
            .into_iter()
            .find(|level| level.to_string() == word);
        let found = level.or_else(|| super::value::boolean(&word).map(Self::from));
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

    /// Reads what [`Display`](fmt::Display) writes, and other words for yes and no.
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
