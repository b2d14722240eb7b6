//! What a model answered: plain data, the same for every route.

use std::fmt;
use std::time::Duration;

use crate::message::ToolCall;

/// One answer of a model, decoded from whatever protocol carried it.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The answer without the thinking text.
    pub(crate) text: String,
    /// The thinking text, where the model gave one.
    pub(crate) thinking: Option<String>,
    /// Whether a part of it had to be found in the text.
    pub(crate) thought_in_text: bool,
    /// The tools that the model wants to be called, in its order.
    pub(crate) calls: Vec<ToolCall>,
    /// Why the model stopped; `None` where the server did not say.
    pub(crate) finish_reason: Option<FinishReason>,
    pub(crate) usage: Usage,
    pub(crate) timings: Timings,
}

/// How many tokens an answer took.
///
/// A count is `None` where the server did not send it, which is not the same as zero.
///
/// ```
/// let usage = alloy_runtime::Usage::default();
/// assert_eq!(usage.prompt_tokens, None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the prompt, system text and form included (`prompt_eval_count`).
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer, thinking included (`eval_count`).
    pub completion_tokens: Option<u64>,
    /// Tokens of the prompt that had been read before, and were not read again: they are counted in
    /// `prompt_tokens` as well. The embedded engine tells it; Ollama does not.
    pub cached_tokens: Option<u64>,
}

impl Usage {
    /// Adds the tokens of another answer of the same command.
    pub(crate) fn add(&mut self, other: Self) {
        let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        self.prompt_tokens = sum(self.prompt_tokens, other.prompt_tokens);
        self.completion_tokens = sum(self.completion_tokens, other.completion_tokens);
        self.cached_tokens = sum(self.cached_tokens, other.cached_tokens);
    }
}

/// Where the time of an answer went, as the server measured it.
///
/// A duration is `None` where the server did not send it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// From the request's arrival to the end of the answer.
    pub total: Option<Duration>,
    /// Waiting for the model to be loaded, queueing included.
    pub load: Option<Duration>,
    /// Reading the prompt.
    pub prompt: Option<Duration>,
    /// Generating the answer.
    pub generation: Option<Duration>,
}

/// Why a model stopped generating.
///
/// ```
/// use alloy_runtime::FinishReason;
///
/// assert_eq!(FinishReason::Length.to_string(), "length");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FinishReason {
    /// The model ended its answer, or a stop text was met.
    Stop,
    /// The limit of tokens, or the model's context, was reached: the answer is cut.
    Length,
    /// The model called tools, as Chat Completions tells it; Ollama's own protocol says `stop`.
    ToolCalls,
    /// A reason this version of Alloy does not know, as the server wrote it.
    Other(Box<str>),
}

impl FinishReason {
    /// Reads the server's word for it.
    pub(crate) fn from_wire(word: &str) -> Self {
        match word {
            "stop" => Self::Stop,
            "length" => Self::Length,
            "tool_calls" => Self::ToolCalls,
            // No server has a word longer than this.
            other => Self::Other(other.chars().take(40).filter(|c| !c.is_control()).collect()),
        }
    }
}

impl fmt::Display for FinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::Other(word) => word,
        })
    }
}
