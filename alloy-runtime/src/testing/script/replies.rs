//! The replies of a script.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::message::ToolCall;
use crate::testing::error::ErrorBuilder;

/// A list of replies. [`Script::on`](super::Script::on) and [`Script::when`](super::Script::when) fill it.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Replies {
    pub(super) list: Vec<Entry>,
    /// `true` if the last reply is repeated.
    pub(super) repeats: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) reply: ScriptedReply,
    pub(super) is_optional: bool,
}

/// One reply of a script, with details.
///
/// ```
/// use std::time::Duration;
///
/// use alloy_runtime::testing::{Script, ScriptedReply};
///
/// let reply = ScriptedReply::text("Once upon a time")
///     .chunks(["Once ", "upon ", "a time"])
///     .thinking("A story, then.")
///     .usage(12, 4)
///     .delay(Duration::from_millis(5));
/// let script = Script::new().reply(reply);
/// # let _script = script.optional();
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ScriptedReply {
    pub(super) content: ReplyContent,
    pub(super) chunks: Vec<String>,
    pub(super) thinking: Option<String>,
    pub(super) usage: Option<(u64, u64)>,
    pub(super) delay: Duration,
}

#[derive(Clone, Debug)]
pub(super) enum ReplyContent {
    Text(String),
    /// A value, or the reason why it is not one.
    Answer(Result<Value, String>),
    Calls(Vec<ToolCall>),
    Status(u16, String),
    Error(Box<ErrorBuilder>),
    Truncated(String),
    Disconnected(String),
}

impl ScriptedReply {
    fn new(content: ReplyContent) -> Self {
        Self {
            content,
            chunks: Vec::new(),
            thinking: None,
            usage: None,
            delay: Duration::ZERO,
        }
    }

    /// Creates the text of an answer.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(ReplyContent::Text(text.into()))
    }

    /// Creates an answer from its value; see [`Script::answer`](super::Script::answer).
    pub fn answer(value: &(impl Serialize + ?Sized)) -> Self {
        let value = serde_json::to_value(value);
        Self::new(ReplyContent::Answer(
            value.map_err(|error| error.to_string()),
        ))
    }

    /// Creates a reply that calls a tool.
    pub fn tool_call(name: impl Into<String>, arguments: Value) -> Self {
        Self::tool_calls([(name, arguments)])
    }

    /// Creates a reply that calls several tools at once.
    pub fn tool_calls(calls: impl IntoIterator<Item = (impl Into<String>, Value)>) -> Self {
        let calls = calls.into_iter().map(|(name, arguments)| ToolCall {
            id: None,
            name: name.into(),
            arguments,
        });
        Self::new(ReplyContent::Calls(calls.collect()))
    }

    /// Creates an error reply of the server.
    pub fn status(status: u16, text: impl Into<String>) -> Self {
        Self::new(ReplyContent::Status(status, text.into()))
    }

    /// Creates an error that the command returns at once.
    pub fn error(error: ErrorBuilder) -> Self {
        Self::new(ReplyContent::Error(Box::new(error)))
    }

    /// Creates a text that the token limit cuts.
    pub fn truncated(text: impl Into<String>) -> Self {
        Self::new(ReplyContent::Truncated(text.into()))
    }

    /// Creates a connection that is lost after a text.
    pub fn disconnected_after(text: impl Into<String>) -> Self {
        Self::new(ReplyContent::Disconnected(text.into()))
    }

    /// Sets the pieces in which a stream yields the text. By default it is one piece.
    ///
    /// # Panics
    ///
    /// If the pieces are not the text.
    #[track_caller]
    pub fn chunks(mut self, chunks: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.chunks = chunks.into_iter().map(Into::into).collect();
        if let Some(text) = self.content.text() {
            assert_eq!(self.chunks.concat(), text, "the chunks are not the text");
        }
        self
    }

    /// Sets the thinking text.
    pub fn thinking(mut self, thinking: impl Into<String>) -> Self {
        self.thinking = Some(thinking.into());
        self
    }

    /// Sets the tokens of the prompt and of the answer.
    pub fn usage(mut self, prompt_tokens: u64, completion_tokens: u64) -> Self {
        self.usage = Some((prompt_tokens, completion_tokens));
        self
    }

    /// Waits before the reply begins.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

impl ReplyContent {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Truncated(text) | Self::Disconnected(text) => Some(text),
            Self::Answer(_) | Self::Calls(_) | Self::Status(..) | Self::Error(_) => None,
        }
    }
}

impl Replies {
    /// Adds the text of an answer.
    pub fn text(self, text: impl Into<String>) -> Self {
        self.reply(ScriptedReply::text(text))
    }

    /// Adds an answer by its value; see [`Script::answer`](super::Script::answer).
    pub fn answer(self, value: &(impl Serialize + ?Sized)) -> Self {
        self.reply(ScriptedReply::answer(value))
    }

    /// Adds a reply that calls a tool with these arguments.
    pub fn tool_call(self, name: impl Into<String>, arguments: Value) -> Self {
        self.reply(ScriptedReply::tool_call(name, arguments))
    }

    /// Adds a reply that calls several tools at once.
    pub fn tool_calls(self, calls: impl IntoIterator<Item = (impl Into<String>, Value)>) -> Self {
        self.reply(ScriptedReply::tool_calls(calls))
    }

    /// Adds an error reply of the server: its status and its text.
    pub fn status(self, status: u16, text: impl Into<String>) -> Self {
        self.reply(ScriptedReply::status(status, text))
    }

    /// Adds an error that the command returns at once.
    pub fn error(self, error: ErrorBuilder) -> Self {
        self.reply(ScriptedReply::error(error))
    }

    /// Adds a text that the token limit cuts.
    pub fn truncated(self, text: impl Into<String>) -> Self {
        self.reply(ScriptedReply::truncated(text))
    }

    /// Adds a connection that is lost after this text.
    pub fn disconnected_after(self, text: impl Into<String>) -> Self {
        self.reply(ScriptedReply::disconnected_after(text))
    }

    /// Adds a reply with chunks, thinking, usage or a delay.
    pub fn reply(mut self, reply: ScriptedReply) -> Self {
        self.list.push(Entry {
            reply,
            is_optional: false,
        });
        self
    }

    /// Repeats the last reply for all further requests.
    pub fn repeat(mut self) -> Self {
        self.repeats = true;
        self
    }

    /// Allows the last reply not to be taken.
    pub fn optional(mut self) -> Self {
        if let Some(last) = self.list.last_mut() {
            last.is_optional = true;
        }
        self
    }
}
