//! The talk with the model: the request, its answer, and again where an answer is rejected and the
//! settings allow another.

use super::line::Line;
use super::prepare::Prepared;
use super::recover::{Answers, follow_up};
use super::{as_recorded, send};
use crate::config::Invalid;
use crate::error::{Detail, Error, ErrorKind};
use crate::message::Message;
use crate::output::{Accept, Content, Expectation, Repair, Said};
use crate::reply::{FinishReason, Reply, Usage};
use crate::request::Request;
use crate::warning::Warning;

/// An accepted answer, and what it took.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) reply: Reply,
    /// The tokens of all answers.
    pub(crate) usage: Usage,
    pub(crate) attempts: u32,
    /// How often requests were sent, those of rejected answers included.
    pub(crate) sends: u32,
    pub(crate) repairs: Vec<Repair>,
}

/// Asks until an answer is accepted: its value is in `slot` then.
pub(super) async fn converse(
    line: &Line<'_>,
    request: &Request,
    prepared: &mut Prepared,
    slot: &mut dyn Accept,
) -> Result<Answered, Error> {
    if request.images().next().is_some() {
        // Boxed, like all that is asked now and then: the usual call does not carry it.
        let warning = Box::pin(line.check_vision()).await?;
        prepared.warnings.extend(warning);
    }
    for warning in &prepared.warnings {
        tracing::warn!("{warning}");
    }
    let mut answers = Answers::of(&prepared.target.settings);
    let mut attempts = 0;
    let mut sends = 0;
    let mut usage = Usage::default();
    // The context of the model, where the prompt filled it; asked for once.
    let mut filled = None;
    let mut rejection: Option<Error> = None;
    loop {
        let reply = match send::exchange(line, &prepared.body, &mut sends).await {
            Ok(reply) => reply,
            Err(error) => {
                return Err(match rejection {
                    None => error,
                    // What did not fit was the rejected answer, and not the prompt.
                    Some(rejection) if error.kind() == ErrorKind::ContextOverflow => rejection,
                    Some(_) => error.after(attempts, usage),
                });
            }
        };
        attempts += 1;
        usage.add(reply.usage);
        if prepared.records_content() {
            let answer = Message::assistant(reply.text.as_str());
            // The last one stays.
            tracing::Span::current().record("gen_ai.output.messages", as_recorded(&[answer]));
        }
        let accepted = accept(&reply, prepared.expectation, slot);
        if attempts == 1 && line.may_have_cut(&reply) {
            filled = Box::pin(line.context_filled(&reply)).await;
            if let Some(tokens) = filled {
                let warning = Warning::ContextFull { tokens };
                tracing::warn!("{warning}");
                prepared.warnings.push(warning);
            }
        }
        let error = match accepted {
            Ok(repairs) => {
                // Of what was repaired the trace has the number: the words are the answer's.
                if !repairs.is_empty() {
                    tracing::debug!(repairs = repairs.len(), "the answer was repaired");
                }
                return Ok(Answered {
                    reply,
                    usage,
                    attempts,
                    sends,
                    repairs,
                });
            }
            Err(error) => error,
        };
        if let (ErrorKind::Truncated, Some(tokens)) = (error.kind(), filled) {
            // Nothing of the context was left for the answer.
            let text = format!("it filled all {tokens} tokens of it");
            let overflow = Error::new(Detail::ContextOverflow { text });
            return Err(overflow.after(attempts, usage));
        }
        let error = line.named(error.after(attempts, usage));
        let Some(messages) = follow_up(&reply.text, &error, prepared.expectation) else {
            return Err(error);
        };
        let invalid = Invalid {
            command: line.command,
            attempt: attempts,
            text: &reply.text,
            error: &error,
        };
        if !answers.again(line.hooks(), &invalid) {
            return Err(error);
        }
        tracing::debug!(attempts, error.r#type = ?error.kind(), "asking again");
        rejection = Some(error);
        // What a request cannot express was told with the first.
        prepared.body = prepared.body(request, &messages, &mut Vec::new());
    }
}

/// Reads an answer, and tells one that was cut from one that is empty or invalid.
fn accept(
    reply: &Reply,
    expectation: &'static Expectation,
    slot: &mut dyn Accept,
) -> Result<Vec<Repair>, Error> {
    let cut = reply.finish_reason == Some(FinishReason::Length);
    let said = Said {
        text: &reply.text,
        thinking: reply.thinking.as_deref(),
    };
    let read = slot.accept(said, expectation);
    match (read, &expectation.content) {
        (Ok(_), Content::Text) | (Err(_), _) if cut => Err(Error::new(Detail::Truncated {
            text: reply.text.clone(),
            tokens: reply.usage.completion_tokens,
        })),
        // JSON that could be read is whole, even where the limit came with its last token.
        (read, _) => read,
    }
}
