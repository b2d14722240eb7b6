//! A model's reply, independent of the protocol that carried it.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::time::Duration;

use serde::Serialize;

use crate::message::{ThinkingField, ToolCall};

/// One decoded reply of a model.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The answer without the thinking text.
    pub(crate) text: String,
    /// The thinking text, if the model wrote any.
    pub(crate) thinking: Option<String>,
    /// The field of Chat Completions that the thinking came in.
    pub(crate) thinking_field: Option<ThinkingField>,
    /// `true` if some of the thinking was inline in the text and has been moved.
    pub(crate) had_inline_thinking: bool,
    /// The requested tool calls, in the model's order.
    pub(crate) calls: Vec<ToolCall>,
    /// The reason why the model stopped. `None` if the server did not send one.
    pub(crate) finish_reason: Option<FinishReason>,
    pub(crate) usage: Usage,
    pub(crate) timings: Timings,
}

/// An event of a reply that needs no decoding.
#[derive(Debug)]
#[cfg_attr(
    not(any(feature = "embedded", feature = "testing", test)),
    allow(
        dead_code,
        reason = "only the engine and the stand-ins reply without bytes"
    )
)]
pub(crate) enum ReplyEvent {
    /// A piece of the text, never empty.
    Delta(String),
    /// The end: the whole reply.
    Done(Box<Reply>),
}

/// Token counts of a command, or of several.
///
/// A count is `None` if the server did not send it, which is not the same as zero. Sums add up the counts that are known;
/// [`is_partial`](Self::is_partial) says if any was missing.
///
/// ```
/// use alloy_runtime::Usage;
///
/// let usage = Usage::default();
/// assert_eq!(usage.prompt_tokens, None);
/// assert_eq!([usage, usage].into_iter().sum::<Usage>().total_tokens(), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the prompt, including the system message and the format instructions (`prompt_eval_count`).
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer, including thinking (`eval_count`).
    pub completion_tokens: Option<u64>,
    /// Tokens of the prompt that were taken from a cache instead of being processed again. They are included in
    /// `prompt_tokens`. The embedded engine, llama.cpp's server, vLLM and OpenAI report this count; Ollama does not.
    pub cached_tokens: Option<u64>,
    /// `true` if a reply had no count of its prompt or of its answer.
    is_partial: bool,
}

impl Usage {
    pub(crate) const fn new(prompt: Option<u64>, completion: Option<u64>) -> Self {
        Self {
            prompt_tokens: prompt,
            completion_tokens: completion,
            cached_tokens: None,
            is_partial: prompt.is_none() || completion.is_none(),
        }
    }

    pub(crate) const fn with_cached(self, cached_tokens: u64) -> Self {
        Self {
            cached_tokens: Some(cached_tokens),
            ..self
        }
    }

    /// Returns the tokens of the prompts and of the answers; `None` if neither is known.
    #[must_use]
    pub fn total_tokens(&self) -> Option<u64> {
        sum(self.prompt_tokens, self.completion_tokens)
    }

    /// Returns `true` if a reply in this sum had no count of its prompt or of its answer, so that there were more tokens
    /// than are counted.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.is_partial
    }
}

fn sum(left: Option<u64>, right: Option<u64>) -> Option<u64> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.saturating_add(right)),
        (left, right) => left.or(right),
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            prompt_tokens: sum(self.prompt_tokens, other.prompt_tokens),
            completion_tokens: sum(self.completion_tokens, other.completion_tokens),
            cached_tokens: sum(self.cached_tokens, other.cached_tokens),
            is_partial: self.is_partial || other.is_partial,
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(usages: I) -> Self {
        usages.fold(Self::default(), Add::add)
    }
}

/// Writes `79 tokens (67 prompt, 12 completion)`; `at least` comes first if a count was missing.
impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(total) = self.total_tokens() else {
            return f.write_str("unknown tokens");
        };
        if self.is_partial {
            f.write_str("at least ")?;
        }
        let prompt = self.prompt_tokens.unwrap_or_default();
        let completion = self.completion_tokens.unwrap_or_default();
        write!(
            f,
            "{total} tokens ({prompt} prompt, {completion} completion)"
        )
    }
}

/// Durations of the phases of an answer, as the server measured them.
///
/// A duration is `None` if the server did not send it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// The time from the request's arrival to the end of the answer.
    pub total: Option<Duration>,
    /// The time until the model was loaded, including time in the server's queue.
    pub load: Option<Duration>,
    /// The time to process the prompt.
    pub prompt: Option<Duration>,
    /// The time to generate the answer.
    pub generation: Option<Duration>,
}

/// The reason why a model stopped generating.
///
/// ```
/// use alloy_runtime::FinishReason;
///
/// assert_eq!(FinishReason::Length.to_string(), "length");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FinishReason {
    /// The model ended its answer, or wrote a stop sequence.
    Stop,
    /// The answer reached the token limit or the end of the model's context, and is truncated.
    Length,
    /// The model called tools. Chat Completions reports this; Ollama's native protocol reports `stop` instead.
    ToolCalls,
    /// Any other reason, as the server wrote it.
    Other(Box<str>),
}

impl FinishReason {
    /// Creates a reason with no name here, from the server's word.
    pub(crate) fn other(reason: &str) -> Self {
        // No known server sends a longer reason.
        Self::Other(
            reason
                .chars()
                .take(40)
                .filter(|c| !c.is_control())
                .collect(),
        )
    }

    /// Returns the server's word if it is not known whether an answer that ended with it is whole. Ollama's native
    /// protocol ends with `load` or `unload` where it only loaded or unloaded the model.
    pub(crate) fn unknown(&self) -> Option<&str> {
        match self {
            Self::Other(word) if !matches!(&**word, "load" | "unload") => Some(word),
            _ => None,
        }
    }
}

impl fmt::Display for FinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::Other(reason) => reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_say_if_a_count_was_missing() {
        let known = Usage::new(Some(67), Some(12));
        assert_eq!(known.to_string(), "79 tokens (67 prompt, 12 completion)");
        assert!(!known.is_partial());
        let twice: Usage = [known, known].into_iter().sum();
        assert_eq!(
            (twice.total_tokens(), twice.is_partial()),
            (Some(158), false)
        );
        let partial = twice + Usage::new(Some(1), None);
        assert_eq!(
            partial.to_string(),
            "at least 159 tokens (135 prompt, 24 completion)"
        );
        assert_eq!(Usage::new(None, None).to_string(), "unknown tokens");
        let json = serde_json::to_value(known.with_cached(5)).unwrap();
        assert_eq!(
            (&json["prompt_tokens"], &json["cached_tokens"]),
            (&67.into(), &5.into())
        );
    }
}
