//! The talk with the model: the request, its answer, and again where an answer is rejected and the
//! settings allow another.

use super::line::Line;
use super::prepare::Prepared;
use super::recover::{Answers, ask_for_it, beginning, follow_up, is_mendable};
use super::{send, tools};
use crate::config::InvalidAnswer;
use crate::error::{Detail, Error, ErrorKind};
use crate::message::Message;
use crate::output::{Accept, Content, Expectation, Repair, Said};
use crate::reply::{FinishReason, Reply, Usage};
use crate::request::Request;

/// An accepted answer, and what it took.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) reply: Reply,
    pub(crate) spent: Spent,
    pub(crate) repairs: Vec<Repair>,
}

/// What a command has used up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    /// The answers that were read.
    pub(crate) attempts: u32,
    /// The replies that were read: those that call tools as well.
    replies: u32,
    /// Their tokens.
    pub(crate) usage: Usage,
    /// How often requests were sent.
    pub(crate) sends: u32,
    /// How often tools were called, however many at a time.
    pub(crate) tool_turns: u32,
}

impl Spent {
    /// Counts a reply that was read.
    pub(super) fn read(&mut self, reply: &Reply) {
        self.replies += 1;
        self.usage.add(reply.usage);
    }

    /// An error, with what was spent until it came.
    pub(super) fn told(self, error: Error) -> Error {
        let error = error.sent(self.sends, self.replies, self.tool_turns);
        match self.replies {
            0 => error,
            _ => error.after(self.attempts, self.usage),
        }
    }
}

/// Asks until an answer is accepted: its value is in `slot` then.
pub(super) async fn converse(
    line: &Line,
    request: &Request,
    prepared: &mut Prepared,
    slot: &mut dyn Accept,
) -> Result<Answered, Error> {
    look_first(line, request, prepared).await?;
    let mut answers = Answers::of(&prepared.target.settings);
    let mut spent = Spent::default();
    let mut rejection: Option<Error> = None;
    loop {
        let body = &prepared.body;
        let reply = send::repeatedly(line, &mut spent, true, || line.chat(body));
        let reply = match reply.await {
            Ok(reply) => reply,
            Err(error) => {
                return Err(match rejection {
                    // What did not fit was the rejected answer, and not the prompt.
                    Some(rejection) if error.kind() == ErrorKind::ContextOverflow => {
                        spent.told(rejection)
                    }
                    _ => error,
                });
            }
        };
        let had_tools = prepared.toolset.is_some();
        let reply = match had_tools {
            true => {
                // Boxed: a command without tools does not carry what they need.
                let spent = &mut spent;
                let text = tools::until_text(line, request, prepared, spent, reply);
                Box::pin(text).await?
            }
            false => reply,
        };
        spent.read(&reply);
        // The last one stays.
        prepared.record_answer(&tracing::Span::current(), &reply);
        let accepted = accept(&reply, prepared.expectation, slot);
        // With tools the server enforces no schema: the text is an answer where it happens to be one.
        if had_tools && prepared.typed().is_some() && !is_the_value(&accepted, &reply) {
            prepared.talk.say(asked_for_the_value(
                &reply,
                accepted.err(),
                prepared.expectation,
            ));
            prepared.renew(request);
            continue;
        }
        spent.attempts += 1;
        if spent.attempts == 1 && line.may_have_cut(&reply) {
            let filled = Box::pin(line.context_filled(reply.usage)).await;
            prepared.warn_of_context(filled);
        }
        let error = match accepted {
            Ok(repairs) => {
                // Of what was repaired the trace has the number: the words are the answer's.
                if !repairs.is_empty() {
                    tracing::debug!(repairs = repairs.len(), "the answer was repaired");
                }
                return Ok(Answered {
                    reply,
                    spent,
                    repairs,
                });
            }
            Err(error) => told_of_context(error, prepared.filled_context()),
        };
        let error = line.named(spent.told(error));
        let invalid = InvalidAnswer {
            command: line.command(),
            attempt: spent.attempts,
            text: &reply.text,
            error: &error,
        };
        if !is_mendable(&error) || !answers.again(line.settings(), &invalid) {
            return Err(error);
        }
        tracing::debug!(attempts = spent.attempts, error.r#type = ?error.kind(), "asking again");
        let before = prepared.talk.said().len();
        let rejected = follow_up(&reply.text, &error, prepared.expectation);
        prepared.talk.say(rejected);
        prepared.renew(request);
        // Only the latest rejected answer is told.
        prepared.talk.forget(before);
        rejection = Some(error);
    }
}

/// Whether a text that no schema was enforced for is the value all the same. One that only mentions JSON, what a
/// tool said for example, is not; and one that was cut would be no answer without tools either.
fn is_the_value(accepted: &Result<Vec<Repair>, Error>, reply: &Reply) -> bool {
    match accepted {
        Ok(repairs) => {
            let is_block = reply.text.trim_start().starts_with('`');
            is_block || !repairs.contains(&Repair::TextAround)
        }
        Err(error) => !is_mendable(error) && error.kind() != ErrorKind::Truncated,
    }
}

/// What asks for the value, after a text that is none: one that was meant to be is told why it is not.
fn asked_for_the_value(
    reply: &Reply,
    rejection: Option<Error>,
    expectation: &'static Expectation,
) -> Vec<Message> {
    let text = reply.text.trim();
    match rejection {
        Some(rejection) if text.starts_with(['{', '[']) => {
            follow_up(&reply.text, &rejection, expectation)
        }
        _ if text.is_empty() => vec![ask_for_it(expectation)],
        _ => vec![
            Message::assistant(beginning(&reply.text)),
            ask_for_it(expectation),
        ],
    }
}

/// What is looked at before anything is sent: whether the model can see, where there is something to be
/// seen. Then all that is known to go otherwise than it was asked for is told.
pub(super) async fn look_first(
    line: &Line,
    request: &Request,
    prepared: &mut Prepared,
) -> Result<(), Error> {
    if request.all_images().next().is_some() {
        // Boxed, like all that is asked now and then: the usual call does not carry it.
        let warning = Box::pin(line.check_vision()).await?;
        prepared.warnings.extend(warning);
    }
    for warning in &prepared.warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// What cut an answer, where the prompt had filled all of the context: nothing was left for the answer.
pub(super) fn told_of_context(error: Error, filled: Option<u64>) -> Error {
    match filled {
        Some(tokens) if error.kind() == ErrorKind::Truncated => {
            let text = format!("it filled all {tokens} tokens of it");
            Error::new(Detail::ContextOverflow { text })
        }
        _ => error,
    }
}

/// Reads an answer, and tells one that was cut from one that is empty or invalid.
pub(super) fn accept(
    reply: &Reply,
    expectation: &'static Expectation,
    slot: &mut dyn Accept,
) -> Result<Vec<Repair>, Error> {
    let cut = reply.finish_reason == Some(FinishReason::Length);
    let said = Said {
        text: &reply.text,
        thinking: reply.thinking.as_deref(),
    };
    let mut read = slot.accept(said, expectation);
    if let (Ok(repairs), true) = (&mut read, reply.thought_in_text) {
        repairs.insert(0, Repair::ThinkingRemoved);
    }
    match (read, &expectation.content) {
        (Ok(_), Content::Text) | (Err(_), _) if cut => {
            let tokens = reply.usage.completion_tokens;
            let error = Error::new(Detail::Truncated { tokens });
            Err(error.after_text(reply.text.clone()))
        }
        // JSON that could be read is whole, even where the limit came with its last token.
        (read, _) => read,
    }
}
