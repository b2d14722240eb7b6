//! Repairs of an answer.

use std::fmt;

/// A lossless repair that an answer needed. Listed in [`Outcome::repairs`](crate::Outcome::repairs).
///
/// A repair never guesses: an answer that would need a guess is not valid. An unknown key that the type ignores, as
/// serde does by default, is not a repair.
///
/// ```
/// use alloy_runtime::Repair;
///
/// assert_eq!(Repair::SurroundingText.to_string(), "the text around the JSON was left out");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repair {
    /// Inline `<think>…</think>` text was moved into the thinking.
    ThinkingRemoved,
    /// Text around the JSON was ignored: a code fence, or words.
    SurroundingText,
    /// The answer was found in the thinking text.
    FromThinking,
    /// A repeated brace was removed: the opening one, or both the opening and the closing one.
    DoubledBrace,
    /// The answer was the bare value without the requested object around it, and was wrapped.
    BareValue,
    /// A key was repeated; the last value was used.
    DuplicateKey,
    /// A key that the type rejects (`deny_unknown_fields`) was removed.
    #[non_exhaustive]
    UnknownKey {
        /// The path of the key.
        path: String,
    },
    /// A value was converted from another JSON type: `"25"` to 25.
    #[non_exhaustive]
    Converted {
        /// The path of the value.
        path: String,
        /// The original value, as JSON.
        from: String,
        /// The converted value, as JSON.
        to: String,
    },
    /// There were more than 100 repairs; the others are not listed.
    MoreNotListed,
}

impl Repair {
    /// Appends the repair to those of an answer, up to a limit, because a malicious answer may need a million.
    pub(super) fn add_to(self, repairs: &mut Vec<Self>) {
        const MAX: usize = 100;
        match repairs.len() {
            0..MAX => repairs.push(self),
            MAX => repairs.push(Self::MoreNotListed),
            _ => {}
        }
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ThinkingRemoved => f.write_str("thinking text was left out of the answer"),
            Self::SurroundingText => f.write_str("the text around the JSON was left out"),
            Self::FromThinking => f.write_str("the answer was found in the thinking text"),
            Self::DoubledBrace => f.write_str("a doubled brace was left out"),
            Self::BareValue => {
                f.write_str("the bare value was taken for the one that was asked for")
            }
            Self::DuplicateKey => f.write_str("a key was repeated; its last value was used"),
            Self::UnknownKey { path } => write!(f, "{path}: the unknown key was left out"),
            Self::Converted { path, from, to } => write!(f, "{path}: {from} was read as {to}"),
            Self::MoreNotListed => f.write_str("more was repaired than is listed"),
        }
    }
}
