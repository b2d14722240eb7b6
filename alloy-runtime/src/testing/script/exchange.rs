//! The script as a backend.

use futures_util::stream;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::replies::{ReplyContent, ScriptedReply};
use super::request::ScriptRequest;
use super::state::NextReply;
use super::{Script, unanswered};
use crate::backend::{
    BackendReply, EncodedRequest, Exchange, Inquiry, Inspection, Operation, StreamedReply,
};
use crate::endpoint::Endpoint;
use crate::error::{ConnectionError, Error, excerpt};
use crate::output::{Content, OutputSpec};
use crate::reply::{FinishReason, Reply, ReplyEvent, Usage};
use crate::wire::{RawReply, error_reply};

impl Exchange for Script {
    fn send(&self, request: EncodedRequest) -> Operation<'_, BackendReply> {
        Box::pin(async move {
            let reply = self.next(&request, false).await?;
            Ok(match reply.into_outcome(self, &request)? {
                Scripted::Reply(reply) => BackendReply::Decoded(Box::new(reply)),
                Scripted::Disconnected(text) => return Err(disconnected(text)),
                Scripted::Status(raw) => BackendReply::Wire(raw),
            })
        })
    }

    fn stream(&self, request: EncodedRequest) -> Operation<'_, StreamedReply> {
        Box::pin(async move {
            let reply = self.next(&request, true).await?;
            let chunks = reply.chunks.clone();
            let pieces = |text: &str| match chunks.is_empty() {
                true => vec![text.to_owned()],
                false => chunks,
            };
            let (pieces, end) = match reply.into_outcome(self, &request)? {
                Scripted::Reply(reply) => {
                    let pieces = pieces(&reply.text);
                    (pieces, Ok(ReplyEvent::Done(Box::new(reply))))
                }
                Scripted::Disconnected(text) => {
                    let error = Error::new(ConnectionError::Interrupted { begun: true });
                    (pieces(&text), Err(error))
                }
                Scripted::Status(raw) => {
                    let path = request.info.resolved.endpoint.chat_path();
                    return Err(error_reply::from_reply(&raw, path));
                }
            };
            let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
            let events = pieces
                .map(|piece| Ok(ReplyEvent::Delta(piece)))
                .chain([end]);
            let events = stream::iter(events.collect::<Vec<_>>());
            Ok(StreamedReply::Events(Box::pin(events)))
        })
    }

    fn inspect<'a>(
        &'a self,
        _endpoint: &'a Endpoint,
        inquiry: Inquiry<'a>,
    ) -> Operation<'a, Inspection> {
        Box::pin(async move { Ok(Inspection::of_stand_in(inquiry)) })
    }
}

/// A reply of a script, as a backend gives it.
enum Scripted {
    Reply(Reply),
    Disconnected(String),
    Status(RawReply),
}

impl Script {
    /// Takes the reply for a request, and waits for its delay.
    async fn next(&self, encoded: &EncodedRequest, streamed: bool) -> Result<ScriptedReply, Error> {
        let request = ScriptRequest::new(encoded, streamed);
        let matchers = self.state().matchers();
        // Conditions are code of the test: they run without the lock.
        let list = matchers
            .iter()
            .position(|matcher| matcher.matches(&request));
        let next = {
            let mut state = self.state();
            let next = state.take(list, request.command);
            if matches!(next, NextReply::Nothing) {
                let (command, prompt) = (request.command, excerpt(request.prompt()));
                let problem = format!("`{command}` got no reply to {prompt:?}");
                state.problems.push(problem);
            }
            state.requests.push(request.clone());
            next
        };
        let reply = match next {
            NextReply::Reply(reply) => reply,
            NextReply::Respond(respond) => respond(&request),
            NextReply::Nothing => {
                let message = format!("the script has no reply left for `{}`", request.command);
                return Err(unanswered(message, &self.state().listing()));
            }
        };
        if !reply.delay.is_zero() {
            sleep(reply.delay).await;
        }
        Ok(reply)
    }

    /// Notes an answer that does not fit its command, and returns the error of the command.
    fn unfit(&self, command: &str, problem: &str) -> Error {
        let message = format!("an answer of the script does not fit `{command}`: {problem}");
        let mut state = self.state();
        state.problems.push(message.clone());
        unanswered(message, &state.listing())
    }
}

impl ScriptedReply {
    fn into_outcome(self, script: &Script, request: &EncodedRequest) -> Result<Scripted, Error> {
        let (command, output) = (request.info.command, request.info.output);
        let mut reply = Reply {
            thinking: self.thinking,
            finish_reason: Some(FinishReason::Stop),
            usage: Usage::new(
                self.usage.map(|(prompt, _)| prompt),
                self.usage.map(|(_, completion)| completion),
            ),
            ..Reply::default()
        };
        match self.content {
            ReplyContent::Text(text) => reply.text = text,
            ReplyContent::Answer(value) => {
                let text = value.and_then(|value| answer_text(&value, output));
                reply.text = text.map_err(|problem| script.unfit(command, &problem))?;
            }
            ReplyContent::Calls(calls) => {
                reply.calls = calls;
                reply.finish_reason = Some(FinishReason::ToolCalls);
            }
            ReplyContent::Truncated(text) => {
                reply.text = text;
                reply.finish_reason = Some(FinishReason::Length);
            }
            ReplyContent::Disconnected(text) => return Ok(Scripted::Disconnected(text)),
            ReplyContent::Error(error) => return Err(error.build()),
            ReplyContent::Status(status, text) => {
                return Ok(Scripted::Status(RawReply {
                    status,
                    location: None,
                    retry_after: None,
                    body: json!({ "error": text }).to_string().into(),
                }));
            }
        }
        Ok(Scripted::Reply(reply))
    }
}

/// Returns the answer that is a value, in the form that a command asks for.
///
/// # Errors
///
/// The output type does not read the value back unchanged.
fn answer_text(value: &Value, output: &'static OutputSpec) -> Result<String, String> {
    let text = match (&output.content, value) {
        (Content::Text, Value::String(text)) => text.clone(),
        (Content::Json(typed), value) => typed.answer(value).to_string(),
        (_, value) => value.to_string(),
    };
    match output.check.map(|check| check(&text, output)) {
        Some(Err(error)) => Err(error.to_string()),
        Some(Ok(repairs)) if !repairs.is_empty() => {
            let repairs: Vec<_> = repairs.iter().map(ToString::to_string).collect();
            Err(format!("it needs repairs: {}", repairs.join("; ")))
        }
        _ => Ok(text),
    }
}

fn disconnected(text: String) -> Error {
    let error = Error::new(ConnectionError::Interrupted { begun: true });
    match text.is_empty() {
        true => error,
        false => error.with_partial_text(text),
    }
}
