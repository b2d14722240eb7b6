//! The last reply of a model, in a form that can be written.

use serde::{Deserialize, Serialize};

use crate::message::ToolCall;
use crate::reply::{FinishReason, Reply, Usage};

/// A reply, without what only the exchange with a server needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredReply {
    /// The text, where there are no deltas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thinking: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    inline_thinking: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    calls: Vec<ToolCall>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finish_reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompt_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    completion_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cached_tokens: Option<u64>,
}

impl StoredReply {
    /// Keeps a reply. The text is left out where the deltas of a stream have it.
    pub(crate) fn new(reply: &Reply, has_deltas: bool) -> Self {
        Self {
            text: (!has_deltas).then(|| reply.text.clone()),
            thinking: reply.thinking.clone(),
            inline_thinking: reply.had_inline_thinking,
            calls: reply.calls.clone(),
            finish_reason: reply.finish_reason.as_ref().map(ToString::to_string),
            prompt_tokens: reply.usage.prompt_tokens,
            completion_tokens: reply.usage.completion_tokens,
            cached_tokens: reply.usage.cached_tokens,
        }
    }

    /// Changes the texts.
    pub(super) fn edit(&mut self, edit: &dyn Fn(&str) -> String) {
        for text in [&mut self.text, &mut self.thinking].into_iter().flatten() {
            *text = edit(text);
        }
    }

    /// Returns the reply; `text` is that of the deltas.
    pub(crate) fn reply(&self, text: String) -> Reply {
        Reply {
            text: self.text.clone().unwrap_or(text),
            thinking: self.thinking.clone(),
            had_inline_thinking: self.inline_thinking,
            calls: self.calls.clone(),
            finish_reason: self.finish_reason.as_deref().map(|reason| match reason {
                "stop" => FinishReason::Stop,
                "length" => FinishReason::Length,
                "tool_calls" => FinishReason::ToolCalls,
                other => FinishReason::other(other),
            }),
            usage: self.cached_tokens.into_iter().fold(
                Usage::new(self.prompt_tokens, self.completion_tokens),
                Usage::with_cached,
            ),
            ..Reply::default()
        }
    }
}
