//! Collects a reply from the JSON objects of its body. A reply that is not streamed is one object.

use super::finish_reason::ReplyEnd;
use super::tool_calls::WireToolCalls;
use crate::error::{AnswerError, ConnectionError, Error, excerpt};
use crate::message::ThinkingField;
use crate::reply::{Reply, Timings, Usage};

/// All parts of a reply so far but its text, which the decoder hands on at once.
#[derive(Debug, Default)]
pub(super) struct ReplyBuilder {
    /// `true` if any of the objects had a message, empty or not.
    pub(super) has_message: bool,
    /// `true` if any of the objects of a stream had text.
    pub(super) has_text: bool,
    pub(super) thinking: String,
    /// The field of Chat Completions that the thinking came in.
    pub(super) thinking_field: Option<ThinkingField>,
    pub(super) calls: WireToolCalls,
    /// The model's reason to refuse, on servers that have a field for it.
    pub(super) refusal: String,
    /// The end of the generation; `None` while it goes on.
    pub(super) end: Option<ReplyEnd>,
    /// The error that the server sent in place of the rest of the answer.
    pub(super) failure: Option<Error>,
    pub(super) usage: Option<Usage>,
    pub(super) timings: Timings,
}

impl ReplyBuilder {
    /// Adds the thinking text and the tool calls of one message.
    pub(super) fn push(&mut self, thinking: &str, calls: WireToolCalls) {
        self.has_message = true;
        self.calls.extend(calls);
        self.thinking += thinking;
    }

    /// Marks the generation as ended. `reason` is the server's word. An end of the answer that follows a cut or a refusal
    /// does not undo it.
    pub(super) fn end(&mut self, reason: Option<&str>) {
        let end = ReplyEnd::parse(reason.unwrap_or_default());
        if self.end.as_ref().is_none_or(ReplyEnd::is_whole) || !end.is_whole() {
            self.end = Some(end);
        }
    }

    /// Returns `true` if nothing of the answer can follow.
    pub(super) fn is_over(&self) -> bool {
        self.end.is_some() || self.failure.is_some()
    }

    /// Takes the reply out, with an empty text.
    ///
    /// # Errors
    ///
    /// - The error that the server sent in the middle of the reply.
    /// - `Refused` where the model or a filter refused the answer: one that a filter cut looks complete.
    /// - `Interrupted` where the generation has not ended, or was stopped by the server.
    pub(super) fn finish(&mut self) -> Result<Reply, Error> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let refused = |text: String| Err(Error::new(AnswerError::Refused { text }));
        if !self.refusal.is_empty() {
            return refused(excerpt(&self.refusal));
        }
        let finish_reason = match self.end.take() {
            Some(ReplyEnd::Finished(reason)) => reason,
            Some(ReplyEnd::Refused(reason)) => {
                return refused(format!("its server filtered the answer ({reason})"));
            }
            Some(ReplyEnd::Interrupted(reason)) => {
                let reason = Some(reason);
                return Err(Error::new(ConnectionError::Unfinished { reason }));
            }
            None => return Err(Error::new(ConnectionError::Unfinished { reason: None })),
        };
        let thinking = std::mem::take(&mut self.thinking);
        Ok(Reply {
            text: String::new(),
            thinking: (!thinking.is_empty()).then_some(thinking),
            thinking_field: self.thinking_field,
            had_inline_thinking: false,
            calls: std::mem::take(&mut self.calls).into_calls(),
            finish_reason,
            usage: self.usage.unwrap_or(Usage::new(None, None)),
            timings: self.timings,
        })
    }
}
