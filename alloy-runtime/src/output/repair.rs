//! What had to be done to an answer before it could be read.

use std::fmt;

/// What was done to an answer so that it could be read: see [`Outcome::repairs`](crate::Outcome::repairs).
///
/// Nothing is guessed, and an answer that would need more is invalid. A key that the type does not know and
/// simply skips, as serde does, is no repair.
///
/// ```
/// use alloy_runtime::Repair;
///
/// assert_eq!(Repair::TextAround.to_string(), "the text around the JSON was left out");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repair {
    /// A `<think>…</think>` in the answer was taken for what it is.
    ThinkingRemoved,
    /// A code fence, or words, stood around the JSON.
    TextAround,
    /// The answer stood in the thinking text.
    FromThinking,
    /// The opening brace, or both braces, stood there twice.
    DoubledBrace,
    /// The value stood there without the object that was asked for around it.
    Wrapped,
    /// A key stood there twice; the last one won.
    DuplicateKey,
    /// A key that the type refuses (`deny_unknown_fields`) was left out.
    #[non_exhaustive]
    UnknownKey {
        /// Where it stood.
        path: String,
    },
    /// A value of another type said the same: `"25"` for 25.
    #[non_exhaustive]
    Converted {
        /// Where it stands.
        path: String,
        /// What it was, as JSON.
        from: String,
        /// What it is now, as JSON.
        to: String,
    },
    /// There were more than a hundred; the others are not listed.
    More,
}

impl Repair {
    /// Adds it to those of an answer: a hostile one has a million.
    pub(super) fn add_to(self, repairs: &mut Vec<Self>) {
        const MOST: usize = 100;
        match repairs.len() {
            0..MOST => repairs.push(self),
            MOST => repairs.push(Self::More),
            _ => {}
        }
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ThinkingRemoved => f.write_str("thinking text was left out of the answer"),
            Self::TextAround => f.write_str("the text around the JSON was left out"),
            Self::FromThinking => f.write_str("the answer was found in the thinking text"),
            Self::DoubledBrace => f.write_str("a doubled brace was left out"),
            Self::Wrapped => f.write_str("the bare value was taken for the one that was asked for"),
            Self::DuplicateKey => {
                f.write_str("of a key that stood there twice, the last was taken")
            }
            Self::UnknownKey { path } => write!(f, "{path}: the unknown key was left out"),
            Self::Converted { path, from, to } => write!(f, "{path}: {from} was read as {to}"),
            Self::More => f.write_str("more was repaired than is listed"),
        }
    }
}
