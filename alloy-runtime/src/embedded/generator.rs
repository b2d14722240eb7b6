//! Generation of one answer, token by token.

use std::path::Path;

use super::error::{engine_failed, first_line, unenforceable};
use super::generated_text::GeneratedText;
use super::grammar::Grammar;
use super::prefix_cache::CachedPrefix;
use super::sampler::Sampler;
use super::tokenizer::{TokenKind, Tokenizer};
use super::tool_calls::{self, OPEN_TAG};
use crate::error::Error;
use crate::message::ToolCall;
use crate::output::THINKING;
use crate::reply::FinishReason;

/// Receiver of the text of an answer.
pub(super) trait TextListener {
    /// Receives the next piece of the text.
    fn on_text(&self, text: &str);
    /// Returns `true` if nobody waits for the answer any more.
    fn is_gone(&self) -> bool;
}

/// Reason why there is no answer.
pub(super) enum AnswerFailure {
    /// Nobody waits for the answer any more.
    Cancelled,
    Error(Error),
}

impl From<Error> for AnswerFailure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// A finished answer.
pub(super) struct GeneratedAnswer {
    pub(super) text: String,
    pub(super) calls: Vec<ToolCall>,
    /// Number of generated tokens.
    pub(super) tokens: u64,
    pub(super) finish_reason: FinishReason,
}

/// Settings and state of one generation.
pub(super) struct Generator<'a> {
    pub(super) path: &'a Path,
    pub(super) tokenizer: &'a Tokenizer,
    pub(super) sampler: Sampler,
    pub(super) text: GeneratedText,
    /// `true` while the model is thinking. Nothing is enforced on thinking.
    pub(super) is_thinking: bool,
    /// Grammar of the answer.
    pub(super) answer_grammar: Option<Grammar>,
    /// Grammar of a tool call, in its initial state.
    pub(super) call_grammar: Option<Grammar>,
    /// Maximum number of generated tokens.
    pub(super) max_tokens: usize,
    /// Maximum number of tokens together with those of the prompt.
    pub(super) context: usize,
}

/// A tool call that is being generated.
struct OpenCall {
    grammar: Grammar,
    /// Position of its opening tag.
    start: usize,
}

impl Generator<'_> {
    /// Generates the answer to the prompt in `prefix`. `logits` are those of the first token.
    ///
    /// # Errors
    ///
    /// Nobody waits for the answer any more, a schema cannot be enforced, or the engine failed.
    pub(super) fn run(
        mut self,
        prefix: &mut CachedPrefix,
        mut logits: Vec<f32>,
        listener: &dyn TextListener,
    ) -> Result<GeneratedAnswer, AnswerFailure> {
        let mut tokens = 0;
        let mut open_call: Option<OpenCall> = None;
        let mut call_ranges = Vec::new();
        let finish_reason = loop {
            if listener.is_gone() {
                return Err(AnswerFailure::Cancelled);
            }
            let answer_grammar = self.answer_grammar.as_mut().filter(|_| !self.is_thinking);
            let call_start = open_call.as_ref().map(|call| call.start);
            let mut grammar = open_call
                .as_mut()
                .map(|call| &mut call.grammar)
                .or(answer_grammar);
            if let Some(grammar) = &mut grammar {
                grammar
                    .mask(&mut logits)
                    .map_err(|problem| unenforceable(&problem))?;
            }
            let token = self.sampler.sample(logits, &prefix.tokens);
            let token = token.map_err(|error| engine_failed(self.path, &first_line(&error)))?;
            if self.tokenizer.is_end(token) || self.tokenizer.kind(token) == TokenKind::Control {
                break FinishReason::Stop;
            }
            tokens += 1;
            if let Some(grammar) = &mut grammar {
                grammar
                    .consume(token)
                    .map_err(|problem| unenforceable(&problem))?;
            }
            let bytes = self.tokenizer.bytes(token);
            let is_stopped = self.text.push(bytes);
            // Only these bytes can end a value or a closing tag: the grammar is not asked after every token.
            let is_complete = grammar
                .is_some_and(|grammar| self.text.has_last_byte_in(b"}]>") && grammar.is_complete());
            if is_stopped || (is_complete && call_start.is_none()) {
                break FinishReason::Stop;
            }
            if let (true, Some(start)) = (is_complete, call_start) {
                call_ranges.push(start..self.text.len());
                open_call = None;
            }
            if self.is_thinking {
                self.is_thinking = !self.text.has_completed_tag(THINKING.1, bytes.len());
            } else if let (Some(grammar), None) = (&self.call_grammar, call_start) {
                let has_completed_tag = || self.text.has_completed_tag(OPEN_TAG, bytes.len());
                if self.tokenizer.is_tag(OPEN_TAG, token, has_completed_tag) {
                    open_call = Some(OpenCall {
                        grammar: grammar.fork(),
                        start: self.text.rfind(OPEN_TAG),
                    });
                }
            }
            self.emit(false, listener);
            if tokens >= self.max_tokens || prefix.tokens.len() + 1 >= self.context {
                break FinishReason::Length;
            }
            let next = prefix.forward(&[token]);
            logits = next.map_err(|error| engine_failed(self.path, &first_line(&error)))?;
        };
        self.emit(true, listener);
        let (text, calls) = tool_calls::split(self.text.as_bytes(), &call_ranges);
        Ok(GeneratedAnswer {
            text,
            calls,
            tokens: tokens as u64,
            finish_reason,
        })
    }

    /// Passes the next piece of the text to the listener, if the text is wanted in pieces.
    fn emit(&mut self, is_finished: bool, listener: &dyn TextListener) {
        if self.text.is_whole_only {
            return;
        }
        if let Some(piece) = self.text.next_piece(is_finished) {
            listener.on_text(&piece);
        }
    }
}
