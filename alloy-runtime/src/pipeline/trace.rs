//! The `tracing` spans of commands and tools, with the attributes of OpenTelemetry's conventions for generative AI.

use std::ops::Deref;

use serde_json::{Value, json};
use tracing::Span;
use tracing::field::Empty;

use super::resolve::system_message;
use crate::backend::CallInfo;
use crate::config::Settings;
use crate::error::Error;
use crate::message::{Message, Role};
use crate::reply::{Reply, Usage};
use crate::request::Request;

/// The span of a command. One that is dropped before the command has ended records that the command was cancelled.
pub(super) struct CommandSpan {
    /// Disabled once the command has ended. A flag beside it would make each command in flight larger.
    span: Span,
}

impl CommandSpan {
    /// Records that another model is asked.
    pub(super) fn set_model(&self, model: &str) {
        self.span.record("gen_ai.request.model", model);
    }

    /// Records the tokens of a command that has ended.
    pub(super) fn finish(&mut self, usage: Usage) {
        record_usage(&self.span, usage);
        self.span = Span::none();
    }

    /// Records the error that the command ends with.
    pub(super) fn fail(&mut self, error: &Error) {
        let kind = tracing::field::debug(error.kind());
        self.span.record("error.type", kind);
        if let Some(usage) = error.usage() {
            record_usage(&self.span, usage);
        }
        self.span = Span::none();
    }
}

impl Deref for CommandSpan {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.span
    }
}

impl Drop for CommandSpan {
    fn drop(&mut self) {
        self.span.record("error.type", "cancelled");
    }
}

/// Opens the span of a command.
pub(super) fn command_span(request: &Request, info: &CallInfo) -> CommandSpan {
    let resolved = &info.resolved;
    let span = tracing::info_span!(
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = resolved.endpoint.provider(),
        gen_ai.request.model = resolved.model.as_str(),
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty,
        error.r#type = Empty,
        alloy.command = info.command,
        alloy.route = %resolved.route,
    );
    if records_content(&resolved.settings) && !span.is_disabled() {
        let system = system_message(request, info).into_iter();
        let messages: Vec<_> = system.chain(request.conversation()).collect();
        span.record("gen_ai.input.messages", messages_json(&messages));
    }
    CommandSpan { span }
}

/// Returns `true` if prompts and answers are recorded.
pub(super) fn records_content(settings: &Settings) -> bool {
    settings.record_content.value
}

/// Records a reply, if the settings allow it. The last one stays.
pub(super) fn record_reply(span: &Span, settings: &Settings, reply: &Reply) {
    if records_content(settings) {
        let mut message = Message::assistant(reply.text.as_str());
        message.tool_calls.clone_from(&reply.calls);
        span.record("gen_ai.output.messages", messages_json(&[message]));
    }
}

fn record_usage(span: &Span, usage: Usage) {
    span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
    span.record("gen_ai.usage.output_tokens", usage.completion_tokens);
}

/// Formats messages as JSON in the form of the conventions.
fn messages_json(messages: &[Message]) -> String {
    let messages = messages.iter().map(|message| {
        let mut parts = match message.role {
            Role::Tool => vec![json!({
                "type": "tool_call_response",
                "id": message.tool_call_id,
                "response": message.content,
            })],
            _ => vec![json!({"type": "text", "content": message.content})],
        };
        parts.extend(message.tool_calls.iter().map(|call| {
            json!({
                "type": "tool_call",
                "id": call.id,
                "name": call.name,
                "arguments": call.arguments,
            })
        }));
        json!({"role": message.role.as_str(), "parts": parts})
    });
    Value::Array(messages.collect()).to_string()
}
