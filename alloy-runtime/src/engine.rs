//! The pipeline, as one reads the diagram: settings, route, encode, transport, decode, output.

mod deadline;
mod inquire;
mod prepare;
mod recover;
mod send;
mod server;

use std::pin::pin;
use std::time::Duration;

use tracing::Instrument as _;
use tracing::field::Empty;

use self::deadline::Deadline;
pub(crate) use self::prepare::{Own, Prepared, prepare};
use self::recover::{Answers, follow_up};
use self::server::Server;
use crate::config::{Api, Layer};
use crate::error::{Detail, Error, ErrorKind};
use crate::global;
use crate::installed::Model;
use crate::message::Message;
use crate::output::{Accept, Content, Expectation, Repair, Said};
use crate::reply::{FinishReason, Reply, Usage};
use crate::request::Request;
use crate::transport::{Client, Outgoing};
use crate::warning::Warning;
use crate::wire;

/// A prompt of fewer tokens has not filled any context that people use.
const SMALLEST_CONTEXT: u64 = 256;

/// A command whose answer was accepted.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) request: Box<Request>,
    pub(crate) prepared: Prepared,
    pub(crate) reply: Reply,
    /// The tokens of all answers.
    pub(crate) usage: Usage,
    pub(crate) attempts: u32,
    /// How often requests were sent, those of rejected answers included.
    pub(crate) sends: u32,
    pub(crate) repairs: Vec<Repair>,
}

impl Finished {
    /// The conversation: history, prompt and answer.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let mut messages = self.request.conversation();
        let mut answer = Message::assistant(self.reply.text.as_str());
        answer.thinking.clone_from(&self.reply.thinking);
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
    if let Some(error) = request.refused.take() {
        return Err(error);
    }
    let own = Own {
        call: request.call.take(),
        system: request.system.take(),
    };
    let mut prepared = prepare(&request, own, expectation)?;
    let span = tracing::info_span!(
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = if prepared.server.is_ollama() { "ollama" } else { "openai" },
        gen_ai.request.model = prepared.model.as_str(),
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty,
        error.r#type = Empty,
        alloy.command = request.definition.name(),
        alloy.route = %prepared.route,
    );
    if prepared.records_content() && !span.is_disabled() {
        let system = prepared.system_message().into_iter();
        let messages: Vec<_> = system.chain(request.conversation()).collect();
        span.record("gen_ai.input.messages", as_recorded(&messages));
    }
    let answered = {
        let talk = pin!(converse(&request, &mut prepared, expectation, slot));
        talk.instrument(span.clone()).await
    };
    match answered {
        Ok(Answered {
            reply,
            usage,
            attempts,
            sends,
            repairs,
        }) => {
            span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
            span.record("gen_ai.usage.output_tokens", usage.completion_tokens);
            Ok(Finished {
                request,
                prepared,
                reply,
                usage,
                attempts,
                sends,
                repairs,
            })
        }
        Err(error) => {
            span.record("error.type", tracing::field::debug(error.kind()));
            if let Some(usage) = error.usage() {
                span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
                span.record("gen_ai.usage.output_tokens", usage.completion_tokens);
            }
            let error = error.of_model(prepared.model.as_str());
            Err(error.at(prepared.server.address(), prepared.server.is_ollama()))
        }
    }
}

/// The models that Ollama's server has, at the host that is configured.
pub(crate) async fn installed() -> Result<Vec<Model>, Error> {
    let scope = global::scope();
    let settings = prepare::settings(None, &Layer::EMPTY, scope.as_deref())?;
    let server = Server::of_ollama(&settings);
    let client = global::client(server.is_loopback(), server.connect_timeout)?;
    let deadline = Deadline::starting(settings.timeout.map(|set| set.value));
    let models = deadline
        .hold(pin!(inquire::installed(&client, &server)))
        .await;
    models.map_err(|error| error.at(server.address(), true))
}

/// An accepted answer, and what it took.
struct Answered {
    reply: Reply,
    usage: Usage,
    attempts: u32,
    sends: u32,
    repairs: Vec<Repair>,
}

/// Sends the request, reads the reply, and reads the answer into the slot; again, where an answer is
/// rejected and the settings allow another.
async fn converse(
    request: &Request,
    prepared: &mut Prepared,
    expectation: &'static Expectation,
    slot: &mut dyn Accept,
) -> Result<Answered, Error> {
    let limit = prepared.settings.timeout.as_ref().map(|set| set.value);
    let deadline = Deadline::starting(limit);
    let client = global::client(
        prepared.server.is_loopback(),
        prepared.server.connect_timeout,
    )?;
    if request.images().next().is_some() {
        // Boxed, like all that is asked now and then: the usual call does not carry it.
        let warning = Box::pin(check_vision(&client, prepared, &deadline)).await?;
        prepared.warnings.extend(warning);
    }
    for warning in &prepared.warnings {
        tracing::warn!("{warning}");
    }
    let mut answers = Answers::of(&prepared.settings);
    let record = prepared.records_content();
    let mut attempts = 0;
    let mut usage = Usage::default();
    // The context of the model, where the prompt filled it; asked for once.
    let mut filled = None;
    let mut rejection: Option<Error> = None;
    let mut follow_up_messages = Vec::new();
    let mut sends = 0;
    let mut first = Some(std::mem::take(&mut prepared.body));
    loop {
        // What it cannot express was told with the first request.
        let again = || prepared.body(request, &follow_up_messages, &mut Vec::new());
        let body = first.take().unwrap_or_else(again);
        let reply = match exchange(&client, prepared, body, again, &deadline).await {
            Ok(exchanged) => {
                sends += exchanged.sends;
                exchanged.reply
            }
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
        if record {
            let answer = Message::assistant(reply.text.as_str());
            // The last one stays.
            tracing::Span::current().record("gen_ai.output.messages", as_recorded(&[answer]));
        }
        let accepted = accept(&reply, expectation, slot);
        if attempts == 1 && may_have_been_cut(prepared, &reply) {
            filled = Box::pin(context_filled(&client, prepared, &reply, &deadline)).await;
            if let Some(tokens) = filled {
                let warning = Warning::ContextFull { tokens };
                tracing::warn!("{warning}");
                prepared.warnings.push(warning);
            }
        }
        match (accepted, filled) {
            (Ok(repairs), _) => {
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
            // Nothing of the context was left for the answer.
            (Err(error), Some(tokens)) if error.kind() == ErrorKind::Truncated => {
                let text = format!("it filled all {tokens} tokens of it");
                let overflow = Error::new(Detail::ContextOverflow { text });
                return Err(overflow.after(attempts, usage));
            }
            (Err(error), _) => match follow_up(&reply.text, &error, expectation) {
                Some(messages) if answers.take() => {
                    tracing::debug!(attempts, error.r#type = ?error.kind(), "asking again");
                    rejection = Some(error.after(attempts, usage));
                    follow_up_messages = messages;
                }
                _ => return Err(error.after(attempts, usage)),
            },
        }
    }
}

/// A reply, and how often its request was sent.
struct Exchanged {
    reply: Reply,
    sends: u32,
}

/// Sends one request and reads its reply: again, where the reply never began or the server was busy.
/// `again` makes its body once more. An error that a look at the server makes better is made so.
async fn exchange(
    client: &Client,
    prepared: &Prepared,
    mut body: Vec<u8>,
    again: impl Fn() -> Vec<u8>,
    deadline: &Deadline,
) -> Result<Exchanged, Error> {
    let mut sends = 0;
    loop {
        let (read, retry_after) = send(client, prepared, body, deadline).await;
        sends += 1;
        let error = match read {
            Ok(reply) => return Ok(Exchanged { reply, sends }),
            Err(error) => error,
        };
        let pause = send::pause(&error, sends, retry_after);
        if let Some(pause) = pause {
            tracing::debug!(sends, error.r#type = ?error.kind(), ?pause, "sending again");
            if deadline.pause(pause).await {
                body = again();
                continue;
            }
        }
        let error = Box::pin(explained(client, prepared, error, deadline)).await;
        return Err(error.sent(sends));
    }
}

/// Sends one request once, and reads its reply; with when the server wants to be asked again.
async fn send(
    client: &Client,
    prepared: &Prepared,
    body: Vec<u8>,
    deadline: &Deadline,
) -> (Result<Reply, Error>, Option<Duration>) {
    let (server, api) = (&prepared.server, prepared.route.wire());
    let answer = client.exchange(Outgoing {
        url: server.chat_url(api),
        api_key: server.key.as_ref(),
        body: Some(body),
        idle_timeout: server.idle_timeout,
    });
    let mut answer = match deadline.hold(pin!(answer)).await {
        Ok(answer) => answer,
        Err(error) => return (Err(error), None),
    };
    let read = |answer: &wire::Answer| wire::reply(api, server.chat_path(api), answer);
    let reply = read(&answer).map_err(|error| {
        // A server may quote the key that it does not like.
        match server.key.as_ref().is_some_and(|key| answer.blank(key)) {
            true => read(&answer).err().unwrap_or(error),
            false => error,
        }
    });
    (reply, answer.retry_after)
}

/// An error with what the server has: the names like a missing model's, the models that can do what
/// this one cannot. An error that is known stays known, however the time ran out that was to make it
/// better.
async fn explained(
    client: &Client,
    prepared: &Prepared,
    error: Error,
    deadline: &Deadline,
) -> Error {
    let server = &prepared.server;
    if !server.is_ollama() {
        return error;
    }
    if error.kind() == ErrorKind::ModelNotFound {
        let names = pin!(async { Ok(inquire::names(client, server).await) });
        let names = deadline.hold(names).await.unwrap_or_default();
        return error
            .of_model(prepared.model.as_str())
            .with_installed(&names);
    }
    if let Some(capability) = error.missing_capability() {
        let able = pin!(async { Ok(inquire::able(client, server, capability).await) });
        return error.with_able(&deadline.hold(able).await.unwrap_or_default());
    }
    error
}

/// Whether the model can see: a server drops the images of one that cannot without a word.
async fn check_vision(
    client: &Client,
    prepared: &Prepared,
    deadline: &Deadline,
) -> Result<Option<Warning>, Error> {
    let server = &prepared.server;
    if !server.is_ollama() {
        return Ok(Some(Warning::VisionUnknown));
    }
    let asked = inquire::capabilities(client, server, prepared.model.as_str());
    let error = match deadline.hold(pin!(asked)).await {
        Ok(None) => return Ok(Some(Warning::VisionUnknown)),
        Ok(Some(capabilities)) if capabilities.iter().any(|one| one == "vision") => {
            return Ok(None);
        }
        Ok(Some(_)) => Error::new(Detail::Capability {
            missing: "images".to_owned(),
            able: Vec::new(),
        }),
        // A gateway may serve this route alone.
        Err(error)
            if error.kind() == ErrorKind::NotOllama && prepared.route.wire() == Api::OpenaiChat =>
        {
            return Ok(Some(Warning::VisionUnknown));
        }
        Err(error) => error,
    };
    Err(explained(client, prepared, error, deadline).await)
}

/// Whether the context may be too small for the prompt. On `openai_chat` a server cuts a prompt that is
/// too long without a word, and only the count of its tokens tells.
fn may_have_been_cut(prepared: &Prepared, reply: &Reply) -> bool {
    let silent = prepared.route.wire() == Api::OpenaiChat && prepared.server.is_ollama();
    silent
        && reply
            .usage
            .prompt_tokens
            .is_some_and(|read| read >= SMALLEST_CONTEXT)
}

/// The tokens of the context, where the prompt filled it.
async fn context_filled(
    client: &Client,
    prepared: &Prepared,
    reply: &Reply,
    deadline: &Deadline,
) -> Option<u64> {
    let model = prepared.model.as_str();
    let asked = pin!(async { Ok(inquire::context_length(client, &prepared.server, model).await) });
    let tokens = deadline.hold(asked).await.ok()??;
    (reply.usage.prompt_tokens? >= tokens).then_some(tokens)
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

/// Messages as a trace holds them: JSON, in the form of OpenTelemetry's attributes for them.
fn as_recorded(messages: &[Message]) -> String {
    let messages: Vec<_> = messages
        .iter()
        .map(|message| {
            serde_json::json!({
                "role": message.role.as_str(),
                "parts": [{"type": "text", "content": message.content}],
            })
        })
        .collect();
    serde_json::Value::Array(messages).to_string()
}
