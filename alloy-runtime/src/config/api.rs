//! The protocols that a program can ask for.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, excerpt};

/// A protocol between Alloy and a model.
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
    /// Ollama's own: `POST /api/chat`.
    Native,
    /// Chat Completions as OpenAI defined them and many servers speak them:
    /// `POST /v1/chat/completions`.
    OpenaiChat,
}

impl Api {
    const ALL: [Self; 2] = [Self::Native, Self::OpenaiChat];

    /// Reads `native` or `openai_chat`, in any case; `given` names the value in errors.
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
                    "Set {given} to one of the two, or leave it out: the model's name decides then."
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

    /// Reads `native` or `openai_chat`, in any case.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse("the API", text)
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
