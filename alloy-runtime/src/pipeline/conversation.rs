//! Drives one command: send, read, run tools, re-ask within the retry budget.

use std::future::Future;

use serde::de::IgnoredAny;

use super::active_call::ActiveCall;
use super::counters::Counters;
use super::encode::encode;
use super::inspect::{self, ContextCheck};
use super::reask::{self, RetryBudget};
use super::retry::{self, send_once};
use super::text_tool_calls::{self, Certainty};
use super::transcript::Transcript;
use super::{tools, trace};
use crate::config::InvalidAnswer;
use crate::error::{ConnectionError, Error, ErrorKind, excerpt};
use crate::output::{Accept, AnswerText, Content, OutputSpec, Repair, fenced};
use crate::reply::{FinishReason, Reply};
use crate::warning::Warning;

/// An accepted answer, and what it took.
#[derive(Debug)]
pub(crate) struct AcceptedAnswer {
    pub(crate) reply: Box<Reply>,
    pub(crate) counters: Counters,
    pub(crate) repairs: Vec<Repair>,
    pub(crate) warnings: Vec<Warning>,
}

/// Runs a command until an answer is accepted; its value is in `slot` then.
///
/// # Errors
///
/// All errors of a command, with everything that is known about the command attached.
#[expect(
    clippy::manual_async_fn,
    reason = "the future of an async function holds its parameters twice"
)]
pub(super) fn run_conversation<'a>(
    call: &'a ActiveCall,
    transcript: &'a mut Transcript,
    counters: &'a mut Counters,
    slot: &'a mut dyn Accept,
) -> impl Future<Output = Result<AcceptedAnswer, Error>> + 'a {
    async move {
        let mut conversation = Conversation {
            call,
            transcript,
            counters,
            budget: RetryBudget::new(call.settings()),
            warnings: None,
            context: ContextCheck::default(),
            rejection: None,
        };
        loop {
            let mut reply = conversation.next_reply().await?;
            conversation.read_text_calls(&mut reply, slot);
            if conversation.transcript.offers_tools() && !reply.calls.is_empty() {
                // Boxed: a command without tools does not hold the future of a tool turn.
                Box::pin(conversation.run_tools(reply)).await?;
            } else if let Some(accepted) = conversation.read_answer(reply, slot).await? {
                return Ok(accepted);
            }
        }
    }
}

struct Conversation<'a> {
    call: &'a ActiveCall,
    transcript: &'a mut Transcript,
    counters: &'a mut Counters,
    budget: RetryBudget,
    /// The warnings of the command, once its first request was encoded.
    warnings: Option<Vec<Warning>>,
    context: ContextCheck,
    /// The error of the latest rejected answer.
    rejection: Option<Error>,
}

impl Conversation<'_> {
    /// Sends the next request, and returns its reply. Each reply is counted and recorded here.
    async fn next_reply(&mut self) -> Result<Box<Reply>, Error> {
        let call = self.call;
        let (body, unsupported) = encode(&call.request, &call.info, self.transcript);
        match self.warnings {
            None => {
                let warnings = inspect::preflight(call, unsupported).await;
                self.warnings = Some(warnings.map_err(|error| self.attach_to(error))?);
            }
            // They are the same as those of the first request.
            Some(_) => drop(unsupported),
        }
        let request = call.encoded(body);
        let transmit = || send_once(call, &request);
        let sent =
            retry::send_with_retry(call, self.counters, Some(self.transcript), transmit).await;
        match (sent, self.rejection.take()) {
            (Ok(reply), _) => {
                self.counters.record_reply(&reply);
                call.request.count_usage(reply.usage);
                trace::record_reply(&call.span, call.settings(), &reply);
                self.warn(unknown_end(&reply));
                Ok(reply)
            }
            // The rejected answer did not fit into the context, not the prompt.
            (Err(error), Some(rejection)) if error.kind() == ErrorKind::ContextOverflow => {
                Err(self.counters.attach_to(rejection))
            }
            (Err(error), _) => Err(self.attach_to(error)),
        }
    }

    /// Reads the tool calls that a model wrote into its text, while tools are offered.
    ///
    /// A text that is the value of a typed command without a repair stays the answer. For a text command, only a text
    /// that cannot be an answer is a call.
    fn read_text_calls(&mut self, reply: &mut Reply, slot: &mut dyn Accept) {
        let is_candidate = self.transcript.offers_tools()
            && reply.calls.is_empty()
            && reply.finish_reason != Some(FinishReason::Length)
            && self.call.settings().text_tool_calls.value;
        let toolset = self.call.info.toolset.as_deref().filter(|_| is_candidate);
        let Some((calls, certainty)) =
            toolset.and_then(|toolset| text_tool_calls::read(&reply.text, toolset))
        else {
            return;
        };
        let output = self.call.info.output;
        let is_answer = match &output.content {
            Content::Json(_) => accept(reply, output, slot).is_ok_and(|repairs| repairs.is_empty()),
            Content::Text | Content::Ignored => certainty == Certainty::Likely,
        };
        if is_answer {
            return;
        }
        for call in &calls {
            let tool = excerpt(&call.name);
            self.warn(Some(Warning::TextToolCall { tool }));
        }
        reply.calls = calls;
        reply.text.clear();
    }

    /// Adds warnings to those of the command, each once.
    fn warn(&mut self, more: impl IntoIterator<Item = Warning>) {
        let warnings = self.warnings.get_or_insert_default();
        for warning in more {
            if !warnings.contains(&warning) {
                tracing::warn!("{warning}");
                warnings.push(warning);
            }
        }
    }

    async fn run_tools(&mut self, reply: Box<Reply>) -> Result<(), Error> {
        let run = tools::run_turn(self.call, self.transcript, self.counters, *reply).await;
        run.map_err(|error| self.attach_to(error))
    }

    /// Reads an answer. Returns `None` if another request follows: the answer is not the value yet, or is not valid.
    ///
    /// # Errors
    ///
    /// The answer is not valid, and there is no further attempt.
    async fn read_answer(
        &mut self,
        reply: Box<Reply>,
        slot: &mut dyn Accept,
    ) -> Result<Option<AcceptedAnswer>, Error> {
        let output = self.call.info.output;
        let accepted = accept(&reply, output, slot);
        // While tools are offered no schema is enforced: the text may be the value, or only mention it.
        let asks_for_value = self.transcript.offers_tools() && output.typed().is_some();
        self.transcript.end_tool_turns();
        if asks_for_value && !is_value(&accepted, &reply) {
            let question = reask::value_request(&reply, accepted.err(), output);
            self.transcript.extend(question);
            return Ok(None);
        }
        self.counters.attempts += 1;
        if self.counters.attempts == 1 {
            let warning = self.context.run(self.call, &reply).await;
            self.warnings.get_or_insert_default().extend(warning);
        }
        let error = match accepted {
            Ok(repairs) => {
                // The number only: the text of a repair quotes the answer.
                if !repairs.is_empty() {
                    tracing::debug!(repairs = repairs.len(), "the answer was repaired");
                }
                return Ok(Some(AcceptedAnswer {
                    reply,
                    counters: *self.counters,
                    repairs,
                    warnings: self.warnings.take().unwrap_or_default(),
                }));
            }
            Err(error) => self.attach_to(self.context.explain(error)),
        };
        let invalid = InvalidAnswer {
            command: self.call.info.command,
            attempt: self.counters.attempts,
            text: &reply.text,
            error: &error,
        };
        if !reask::is_reaskable(&error) || !self.budget.allow(self.call.settings(), &invalid) {
            return Err(error);
        }
        let attempts = self.counters.attempts;
        tracing::debug!(attempts, error.r#type = ?error.kind(), "asking again");
        let messages = reask::follow_up(&reply.text, &error, output);
        self.transcript.set_reask(messages);
        self.rejection = Some(error);
        Ok(None)
    }

    fn attach_to(&self, error: Error) -> Error {
        self.call.attach_to(error, *self.counters, self.transcript)
    }
}

/// Returns `true` if an answer produced without schema enforcement can be used as the value. A text that only mentions
/// JSON, such as the result of a tool, cannot. Neither can one that was cut, or may have been: it would be an error
/// without tools, too.
fn is_value(accepted: &Result<Vec<Repair>, Error>, reply: &Reply) -> bool {
    match accepted {
        Ok(repairs) => {
            let is_code_block = reply.text.trim_start().starts_with('`');
            is_code_block || !repairs.contains(&Repair::SurroundingText)
        }
        Err(error) => {
            let may_be_cut = error.kind() == ErrorKind::Truncated || unknown_end(reply).is_some();
            !reask::is_reaskable(error) && !may_be_cut
        }
    }
}

/// Returns the warning for a reply that ended for a reason that is not known.
pub(super) fn unknown_end(reply: &Reply) -> Option<Warning> {
    let reason = reply.finish_reason.as_ref()?.unknown()?;
    let reason = reason.to_owned();
    Some(Warning::UnknownFinishReason { reason })
}

/// Reads an answer into its slot. Tells a truncated answer from an empty or invalid one.
///
/// # Errors
///
/// The answer is truncated, empty or not valid.
pub(super) fn accept(
    reply: &Reply,
    output: &'static OutputSpec,
    slot: &mut dyn Accept,
) -> Result<Vec<Repair>, Error> {
    let is_truncated = reply.finish_reason == Some(FinishReason::Length);
    let answer = AnswerText {
        text: &reply.text,
        thinking: reply.thinking.as_deref(),
    };
    let mut read = slot.accept(answer, output);
    if let (Ok(repairs), true) = (&mut read, reply.had_inline_thinking) {
        repairs.insert(0, Repair::ThinkingRemoved);
    }
    match (read, &output.content) {
        (Ok(_), Content::Text) | (Err(_), _) if is_truncated => Err(Error::truncated(reply)),
        // JSON that is closed is whole, even if its last token reached the limit. A number may lack digits, a label its
        // rest, and words after JSON could have taken it back.
        (Ok(_), Content::Json(_)) if is_truncated && !is_closed(reply) => {
            Err(Error::truncated(reply))
        }
        (Ok(repairs), _) => match unknown_cut(reply, output) {
            Some(error) => Err(error),
            None => Ok(repairs),
        },
        (Err(error), _) => Err(unknown_cut(reply, output).unwrap_or(error)),
    }
}

/// Returns the error for a typed answer that is not whole and that ended for a reason that is not known: the reason is
/// the likely cause.
fn unknown_cut(reply: &Reply, output: &OutputSpec) -> Option<Error> {
    let reason = reply.finish_reason.as_ref()?.unknown()?;
    if output.typed().is_none() || is_closed(reply) {
        return None;
    }
    let reason = Some(reason.to_owned());
    let error = Error::new(ConnectionError::Unfinished { reason });
    Some(match reply.text.trim() {
        "" => error,
        _ => error.with_partial_text(reply.text.clone()),
    })
}

/// Returns `true` if an answer is an object, a list or a string and nothing else, so that nothing of it can be missing.
fn is_closed(reply: &Reply) -> bool {
    let text = match reply.text.trim() {
        "" => reply.thinking.as_deref().unwrap_or_default().trim(),
        text => text,
    };
    let json = fenced(text).unwrap_or(text);
    json.starts_with(['{', '[', '"']) && serde_json::from_str::<IgnoredAny>(json).is_ok()
}
