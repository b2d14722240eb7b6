//! The pipeline, as one reads the diagram: settings, route, encode, transport, decode, output.

mod converse;
mod deadline;
mod flow;
mod inquire;
mod line;
mod prepare;
mod recover;
mod remote;
mod send;
mod source;
mod talk;
mod tools;

use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;

use serde_json::{Value, json};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use self::converse::converse;
pub(crate) use self::converse::{Answered, Spent};
use self::deadline::Deadline;
pub(crate) use self::flow::{Flow, stream};
use self::line::Line;
pub(crate) use self::prepare::{Prepared, prepare};
use self::remote::Remote;
use crate::config::Layer;
use crate::error::Error;
use crate::global;
use crate::installed::Model;
use crate::message::{Message, Role};
use crate::output::{Accept, Expectation};
use crate::reply::Usage;
use crate::request::Request;
use crate::route::Server;

/// A command whose answer was accepted.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) request: Box<Request>,
    pub(crate) prepared: Prepared,
    pub(crate) answered: Answered,
}

impl Finished {
    /// The conversation: history, prompt and answer.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let reply = &self.answered.reply;
        let mut messages = self.request.conversation();
        messages.extend_from_slice(self.prepared.talk.said());
        let mut answer = Message::assistant(reply.text.as_str());
        answer.thinking.clone_from(&reply.thinking);
        messages.push(answer);
        messages
    }
}

/// Runs a command to its end: the value is in `slot` afterwards.
pub(crate) async fn run(
    mut request: Box<Request>,
    expectation: &'static Expectation,
    slot: &mut dyn Accept,
) -> Result<Finished, Error> {
    let (mut prepared, span) = start(&mut request, expectation)?;
    let line = open(&request, &prepared, &span)?;
    let (answered, span) = {
        let asking = pin!(converse(&line, &request, &mut prepared, slot));
        let mut asking = asking.instrument(span);
        let answered = poll_fn(|context| {
            let _within = global::within(&line.runtime);
            Pin::new(&mut asking).poll(context)
        });
        (answered.await, asking.span().clone())
    };
    // What tools did is done, whatever came of the command.
    let answered = answered
        .map_err(|error| failed(error.after_tools(prepared.talk.results()), &span, &line))?;
    record_usage(&span, answered.spent.usage);
    Ok(Finished {
        request,
        prepared,
        answered,
    })
}

/// Decides everything about a request, and opens its span.
fn start(
    request: &mut Request,
    expectation: &'static Expectation,
) -> Result<(Prepared, Span), Error> {
    if let Some(error) = request.refused.take() {
        return Err(error.of_command(request.definition.name()));
    }
    let call = request.call.take();
    let prepared = prepare(request, call, expectation)?;
    let target = &prepared.target;
    let span = tracing::info_span!(
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = target.destination.provider(),
        gen_ai.request.model = target.model.as_str(),
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty,
        error.r#type = Empty,
        alloy.command = request.definition.name(),
        alloy.route = %target.route,
    );
    if prepared.records_content() && !span.is_disabled() {
        let system = prepared.system_message(request).into_iter();
        let messages: Vec<_> = system.chain(request.conversation()).collect();
        span.record("gen_ai.input.messages", as_recorded(&messages));
    }
    Ok((prepared, span))
}

/// Opens the line to the server of a request.
fn open(request: &Request, prepared: &Prepared, span: &Span) -> Result<Line, Error> {
    let (definition, target) = (request.definition, &prepared.target);
    let line = Line::open(definition, Arc::clone(target));
    line.map_err(|error| {
        record_error(span, &error);
        line::named(error, definition.name(), target)
    })
}

/// An error of a command, recorded and named.
fn failed(error: Error, span: &Span, line: &Line) -> Error {
    record_error(span, &error);
    line.named(error)
}

fn record_error(span: &Span, error: &Error) {
    span.record("error.type", tracing::field::debug(error.kind()));
    if let Some(usage) = error.usage() {
        record_usage(span, usage);
    }
}

fn record_usage(span: &Span, usage: Usage) {
    span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
    span.record("gen_ai.usage.output_tokens", usage.completion_tokens);
}

/// The models that Ollama's server has, at the host that is configured.
pub(crate) async fn installed() -> Result<Vec<Model>, Error> {
    let scope = global::scope();
    let settings = prepare::settings(None, &Layer::EMPTY, scope.as_deref())?;
    let server = Arc::new(Server::of_ollama(&settings));
    let deadline = Deadline::starting(settings.timeout.map(|set| set.value));
    let remote = Remote::open(&server, deadline.clone())?;
    let models = deadline.hold(pin!(remote.installed())).await;
    models.map_err(|error| server.told(error))
}

/// Messages as a trace holds them: JSON, in the form of OpenTelemetry's attributes for them.
fn as_recorded(messages: &[Message]) -> String {
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
