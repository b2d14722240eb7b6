//! What the JSON objects of a reply say, one by one, and the reply that they make: a reply that is not
//! streamed is one object.

use std::borrow::Cow;

use crate::error::{Detail, Error, excerpt};
use crate::reply::{FinishReason, Reply, Timings, Usage};

/// What one object says.
#[derive(Debug, Default)]
pub(super) struct Piece<'a> {
    /// Whether there was a place for a text in it, filled or not.
    pub(super) said: bool,
    pub(super) text: String,
    pub(super) thinking: Option<Cow<'a, str>>,
    /// Why the model would not answer, where the server keeps that apart.
    pub(super) refusal: Option<Cow<'a, str>>,
    pub(super) finish_reason: Option<FinishReason>,
    /// Whether the generation came to an end with it.
    pub(super) finished: bool,
    pub(super) usage: Usage,
    pub(super) timings: Timings,
}

/// What the objects said so far, but for the text, which is handed on.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    thinking: String,
    refusal: String,
    finish_reason: Option<FinishReason>,
    finished: bool,
    usage: Usage,
    timings: Timings,
}

impl Gathered {
    /// Takes in what an object says, and gives its text back.
    pub(super) fn add(&mut self, piece: Piece<'_>) -> String {
        self.thinking += piece.thinking.as_deref().unwrap_or_default();
        self.refusal += piece.refusal.as_deref().unwrap_or_default();
        if piece.finished {
            self.finished = true;
            self.finish_reason = piece.finish_reason;
            self.timings = piece.timings;
        }
        // Chat Completions has it behind the end.
        if piece.usage != Usage::default() {
            self.usage = piece.usage;
        }
        piece.text
    }

    /// The thinking text so far.
    pub(super) fn thinking(&self) -> &str {
        &self.thinking
    }

    /// Whether the generation has come to its end.
    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// The reply, with its whole text.
    ///
    /// # Errors
    ///
    /// The model refused, or was stopped in the middle.
    pub(super) fn reply(self, text: String) -> Result<Reply, Error> {
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
        Ok(Reply {
            text,
            thinking: (!self.thinking.is_empty()).then_some(self.thinking),
            finish_reason: self.finish_reason,
            usage: self.usage,
            timings: self.timings,
        })
    }
}
