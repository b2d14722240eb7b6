//! The call that an error belongs to.

use std::time::Duration;

use crate::message::ToolResult;
use crate::reply::Usage;

/// Protocol family of a server. It decides which tools and variables a message names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ServerKind {
    /// An Ollama server, whichever of its two APIs is used.
    #[default]
    Ollama,
    /// Another server that speaks Chat Completions.
    ChatCompletions,
}

impl ServerKind {
    /// Returns the words for this kind of server.
    pub(super) fn choose<T>(self, ollama: T, chat_completions: T) -> T {
        match self {
            Self::Ollama => ollama,
            Self::ChatCompletions => chat_completions,
        }
    }
}

/// The facts about a call that are attached to an error of any origin.
#[derive(Default)]
pub(super) struct ErrorContext {
    pub(super) command: Option<&'static str>,
    /// The server's base URL, without credentials.
    pub(super) address: Option<String>,
    pub(super) server: ServerKind,
    /// `true` for the error of a test, which the command returns at once.
    pub(super) is_final: bool,
    /// `true` if a key was sent to the server.
    pub(super) has_key: bool,
    /// `true` if the command sets `max_tokens`; `None` if that is not known.
    pub(super) has_token_limit: Option<bool>,
    /// The address with Ollama's own port, if its port follows from `http://` alone.
    pub(super) with_own_port: Option<String>,
    /// The model's name as it was sent to the server.
    pub(super) model: Option<String>,
    /// Number of answers the model gave, rejected ones included.
    pub(super) attempts: u32,
    pub(super) usage: Option<Usage>,
    /// Number of requests sent.
    pub(super) requests: u32,
    /// Number of replies read, those with tool calls included.
    pub(super) replies: u32,
    pub(super) tool_turns: u32,
    pub(super) tool_results: Vec<ToolResult>,
    /// The last tool result if that call failed, sanitized for display.
    pub(super) last_failure: Option<String>,
    pub(super) partial_text: Option<String>,
    /// The pause that the server asked for.
    pub(super) retry_after: Option<Duration>,
}

impl ErrorContext {
    pub(super) fn address(&self) -> &str {
        self.address.as_deref().unwrap_or("the server")
    }

    /// Returns `true` for a model that runs at ollama.com, and that an Ollama server elsewhere passes requests on to.
    pub(super) fn is_cloud_model(&self) -> bool {
        let is_cloud_tag = |tag: &str| tag == "cloud" || tag.ends_with("-cloud");
        let tag = self.model().rsplit_once(':').map(|(_, tag)| tag);
        self.server == ServerKind::Ollama
            && tag.is_some_and(is_cloud_tag)
            && !self.address().ends_with("://ollama.com")
    }

    pub(super) fn model(&self) -> &str {
        self.model.as_deref().unwrap_or("NAME")
    }
}
