//! The setting `api`: protocols that a program can choose.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, excerpt};

/// Protocol between Alloy and a server.
///
/// ```
/// use alloy_runtime::Api;
///
/// assert_eq!(Api::OpenaiChat.to_string(), "openai_chat");
/// assert_eq!("native".parse::<Api>().unwrap(), Api::Native);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Api {
    /// Ollama's native protocol: `POST /api/chat`.
    Native,
    /// OpenAI's Chat Completions, which many servers implement: `POST /v1/chat/completions`.
    OpenaiChat,
}

impl Api {
    const ALL: [Self; 2] = [Self::Native, Self::OpenaiChat];

    /// Parses `native` or `openai_chat`, ignoring case; `given` names the value in errors.
    pub(super) fn parse(given: &str, text: &str) -> Result<Self, Error> {
        let wanted = text.trim();
        let found = Self::ALL
            .into_iter()
            .find(|api| api.as_str().eq_ignore_ascii_case(wanted));
        found.ok_or_else(|| {
            Error::configuration(
                format!(
                    "{given} is `{}`; expected `native` or `openai_chat`",
                    excerpt(text)
                ),
                format!(
                    "Set {given} to one of the two, or leave it out to let the model's name decide."
                ),
            )
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::OpenaiChat => "openai_chat",
        }
    }
}

impl FromStr for Api {
    type Err = Error;

    /// Parses `native` or `openai_chat`, ignoring case.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse("the API", text)
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
