//! What the JSON objects of a reply have said: a reply that is not streamed is one object.

use super::calls::Calls;
use crate::error::{Detail, Error, excerpt};
use crate::message::ToolCall;
use crate::reply::{FinishReason, Reply, Timings, Usage};

/// What the objects said so far, but for the text, which is handed on.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Whether there was a place for a text in any of them, filled or not.
    pub(super) said: bool,
    pub(super) thinking: String,
    pub(super) calls: Vec<ToolCall>,
    /// Why the model would not answer, where the server keeps that apart.
    pub(super) refusal: String,
    pub(super) finish_reason: Option<FinishReason>,
    /// Whether the generation has come to its end.
    pub(super) finished: bool,
    pub(super) usage: Usage,
    pub(super) timings: Timings,
}

impl Gathered {
    /// Takes what stands beside the text of an object.
    pub(super) fn say(&mut self, thinking: Option<&str>, calls: Calls) {
        self.said = true;
        self.calls.extend(calls.0);
        self.thinking += thinking.unwrap_or_default();
    }

    /// The generation has come to its end, for a reason in the server's words; an empty one is none.
    pub(super) fn finish(&mut self, reason: Option<&str>) {
        self.finished = true;
        let reason = reason.filter(|word| !word.is_empty());
        self.finish_reason = reason.map(FinishReason::from_wire);
    }

    /// The reply, with its whole text. What was gathered goes with it.
    ///
    /// # Errors
    ///
    /// The model refused, or was stopped in the middle. Then all that was gathered stays.
    pub(super) fn take_reply(&mut self, text: String) -> Result<Reply, Error> {
        // What a filter cut looks like a whole answer.
        let filtered = matches!(&self.finish_reason, Some(FinishReason::Other(word)) if &**word == "content_filter");
        if filtered || !self.refusal.is_empty() {
            let refused = Detail::Refused {
                text: match self.refusal.as_str() {
                    "" => "its server filtered the answer".to_owned(),
                    refusal => excerpt(refusal),
                },
            };
            return Err(Error::new(refused).after_text(text));
        }
        if !self.finished {
            return Err(Error::new(Detail::Unfinished).after_text(text));
        }
        let thinking = std::mem::take(&mut self.thinking);
        Ok(Reply {
            text,
            thinking: (!thinking.is_empty()).then_some(thinking),
            thought_in_text: false,
            calls: std::mem::take(&mut self.calls),
            finish_reason: self.finish_reason.take(),
            usage: self.usage,
            timings: self.timings,
        })
    }
}
