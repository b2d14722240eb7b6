//! The pipeline, as one reads the diagram: settings, route, encode, transport, decode, output.

use std::time::Duration;

use tokio::runtime::Handle;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::config::{Host, Layer, Layers, Settings};
use crate::error::{Detail, Error, ErrorKind, TimeLimit};
use crate::global;
use crate::message::Message;
use crate::output::{Accept, Content, Expectation};
use crate::reply::{FinishReason, Reply};
use crate::request::Request;
use crate::route::{self, ModelName, Route};
use crate::transport::Outgoing;
use crate::wire::{self, Chat, native};

/// How long the list of installed models may take that makes a missing model's error better.
const LISTING: Duration = Duration::from_secs(2);

/// A request that is decided in every part and not yet sent.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) settings: Settings,
    pub(crate) route: Route,
    pub(crate) model: ModelName,
    /// The form of a typed answer, escaped for a JSON string.
    form: Option<&'static str>,
    pub(crate) body: Vec<u8>,
}

/// A command whose answer was accepted.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) prompt: String,
    pub(crate) prepared: Prepared,
    pub(crate) reply: Reply,
    pub(crate) attempts: u32,
}

/// What a request sets for itself: its setters, and its attribute's system text where it was rendered.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) call: Layer,
    pub(crate) system: Option<String>,
}

/// Decides everything about a request: its settings, its route, its bytes.
pub(crate) fn prepare(
    request: &Request,
    own: Own,
    expectation: &'static Expectation,
) -> Result<Prepared, Error> {
    let shared = global::shared()?;
    let settings = Settings::resolve(Layers {
        call: own.call,
        attribute: request.definition.layer(own.system),
        environment: &shared.environment,
        defaults: &shared.defaults,
    });
    let (route, model) = route::choose(&settings)?;
    let (format, form) = match &expectation.content {
        Content::Json { format, form, .. } => (Some(&**format), Some(&**form)),
        Content::Text | Content::Ignored => (None, None),
    };
    let body = native::body(&Chat {
        model: model.as_str(),
        system: settings.system.as_ref().map(|system| &*system.value),
        form,
        prompt: &request.prompt,
        format,
        temperature: settings.temperature.as_ref().map(|set| set.value),
        max_tokens: settings.max_tokens.as_ref().map(|set| set.value),
    });
    Ok(Prepared {
        settings,
        route,
        model,
        form,
        body,
    })
}

impl Prepared {
    /// The messages of the request, as the server reads them.
    pub(crate) fn messages(&self, prompt: &str) -> Vec<Message> {
        let own = self
            .settings
            .system
            .as_ref()
            .map(|system| system.value.to_string());
        let form = self.form.map(wire::unescaped);
        let system = match (own, form) {
            (Some(own), Some(form)) => Some(format!("{own}\n\n{form}")),
            (own, form) => own.or(form),
        };
        let system = system.map(Message::system);
        system.into_iter().chain([Message::user(prompt)]).collect()
    }
}

impl Finished {
    /// The whole conversation: what was sent, and the answer.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let mut messages = self.prepared.messages(&self.prompt);
        let mut answer = Message::assistant(self.reply.text.as_str());
        answer.thinking.clone_from(&self.reply.thinking);
        messages.push(answer);
        messages
    }
}

/// Runs a command to its end: the value is in `slot` afterwards.
pub(crate) async fn run(
    mut request: Request,
    expectation: &'static Expectation,
    slot: &mut dyn Accept,
) -> Result<Finished, Error> {
    if let Some(error) = request.refused {
        return Err(error);
    }
    let own = Own {
        call: std::mem::take(&mut request.call),
        system: request.system.take(),
    };
    let mut prepared = prepare(&request, own, expectation)?;
    let span = tracing::info_span!(
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = "ollama",
        gen_ai.request.model = prepared.model.as_str(),
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        error.r#type = Empty,
        alloy.command = request.definition.name(),
        alloy.route = %prepared.route,
    );
    let limit = prepared.settings.timeout.as_ref().map(|set| set.value);
    let talk = converse(&mut prepared, expectation, slot);
    let result = within(limit, talk).instrument(span.clone()).await;
    match result {
        Ok(reply) => {
            span.record("gen_ai.usage.input_tokens", reply.usage.prompt_tokens);
            span.record("gen_ai.usage.output_tokens", reply.usage.completion_tokens);
            Ok(Finished {
                prompt: request.prompt,
                prepared,
                reply,
                attempts: 1,
            })
        }
        Err(error) => {
            span.record("error.type", tracing::field::debug(error.kind()));
            Err(place(error, &prepared))
        }
    }
}

/// Holds `talk` to the command's time limit, where it has one.
async fn within(
    limit: Option<Duration>,
    talk: impl Future<Output = Result<Reply, Error>>,
) -> Result<Reply, Error> {
    match limit {
        // A timer needs a runtime; without one the talk ends by itself and says so.
        Some(limit) if Handle::try_current().is_ok() => {
            let timed = tokio::time::timeout(limit, talk).await;
            timed.unwrap_or_else(|_| {
                Err(Error::new(Detail::TimedOut {
                    limit: TimeLimit::Total,
                    after: limit,
                }))
            })
        }
        _ => talk.await,
    }
}

/// Sends the request, reads the reply, and reads the answer into the slot.
async fn converse(
    prepared: &mut Prepared,
    expectation: &'static Expectation,
    slot: &mut dyn Accept,
) -> Result<Reply, Error> {
    let host = host(&prepared.settings)?;
    let client = global::client(host.is_loopback())?;
    let api_key = prepared.settings.api_key.as_ref().map(|key| &key.value);
    let answer = client
        .exchange(Outgoing {
            url: host.chat_url(),
            api_key,
            body: Some(std::mem::take(&mut prepared.body)),
        })
        .await?;
    let reply = match native::reply(&answer) {
        Err(error) if error.kind() == ErrorKind::ModelNotFound => {
            let tags = client.exchange(Outgoing {
                url: host.tags_url(),
                api_key,
                body: None,
            });
            let installed = match tokio::time::timeout(LISTING, tags).await {
                Ok(Ok(answer)) => native::installed(&answer),
                _ => Vec::new(),
            };
            return Err(error
                .of_model(prepared.model.as_str())
                .with_installed(&installed));
        }
        decoded => decoded?,
    };
    accept(&reply, expectation, slot).map_err(|error| error.after(1, reply.usage))?;
    Ok(reply)
}

/// Reads an answer, and tells one that was cut from one that is empty or invalid.
fn accept(
    reply: &Reply,
    expectation: &'static Expectation,
    slot: &mut dyn Accept,
) -> Result<(), Error> {
    let cut = reply.finish_reason == Some(FinishReason::Length);
    let read = slot.accept(&reply.text, expectation);
    match (read, &expectation.content) {
        (Ok(()), Content::Text) | (Err(_), _) if cut => Err(Error::new(Detail::Truncated {
            text: reply.text.clone(),
        })),
        // JSON that could be read is whole, even where the limit came with its last token.
        (read, _) => read,
    }
}

pub(crate) fn host(settings: &Settings) -> Result<&Host, Error> {
    settings
        .host
        .as_ref()
        .map(|set| &*set.value)
        .ok_or_else(|| {
            // NOTE: The defaults have a host.
            Error::configuration("no host is set", "Set OLLAMA_HOST.")
        })
}

/// Adds to an error which server and which model it is about.
fn place(error: Error, prepared: &Prepared) -> Error {
    let error = error.of_model(prepared.model.as_str());
    match host(&prepared.settings) {
        Ok(host) => error.at(host.address()),
        Err(_) => error,
    }
}
