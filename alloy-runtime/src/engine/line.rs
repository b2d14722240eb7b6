//! The line to the server that a command asks: its requests, within its deadline.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::deadline::Deadline;
use super::inquire;
use crate::config::{Api, Settings, Source};
use crate::error::{Detail, Error, ErrorKind, excerpt};
use crate::global;
use crate::reply::{Reply, Usage};
use crate::route::Target;
use crate::transport::{Client, Incoming, Outgoing};
use crate::warning::Warning;
use crate::wire::{self, failure};

/// A prompt of fewer tokens has not filled any context that people use.
const SMALLEST_CONTEXT: u64 = 256;

/// The line to a command's server.
#[derive(Clone)]
pub(super) struct Line {
    client: Client,
    target: Arc<Target>,
    /// The command's name.
    pub(super) command: &'static str,
    pub(super) deadline: Deadline,
}

/// An error, with the command, the model and the server that it is about.
pub(super) fn named(error: Error, command: &'static str, target: &Target) -> Error {
    let error = error.of_command(command).of_model(target.model.as_str());
    target.server.told(error)
}

/// A request that got no reply, or none that could be read.
pub(super) struct Failed {
    pub(super) error: Error,
    /// When the server wants to be asked again.
    pub(super) retry_after: Option<Duration>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self {
            error,
            retry_after: None,
        }
    }
}

impl Line {
    /// A line to the server of a command's target. The command's time begins here.
    ///
    /// # Errors
    ///
    /// Outside a tokio runtime there is none.
    pub(super) fn open(command: &'static str, target: Arc<Target>) -> Result<Self, Error> {
        let server = &target.server;
        let limit = target.settings.timeout.as_ref().map(|set| set.value);
        Ok(Self {
            deadline: Deadline::starting(limit),
            client: global::client(server.is_loopback(), server.connect_timeout)?,
            command,
            target,
        })
    }

    /// The settings, with what the program wants to be told and asked.
    pub(super) fn settings(&self) -> &Settings {
        &self.target.settings
    }

    /// An error, with whom it is about.
    pub(super) fn named(&self, error: Error) -> Error {
        named(error, self.command, &self.target)
    }

    /// A text of the server's that is shown: short, harmless, and without the key that was sent there.
    pub(super) fn shown(&self, text: &str) -> String {
        self.target.server.without_key(excerpt(text))
    }

    /// Sends a chat request once, and reads its reply.
    pub(super) async fn chat(&self, body: &Bytes) -> Result<Reply, Failed> {
        let answer = self.client.exchange(self.outgoing(body));
        let answer = self.deadline.hold(pin!(answer)).await?;
        let reply = wire::reply(self.api(), self.endpoint(), &answer);
        reply.map_err(|error| Failed {
            error,
            retry_after: answer.retry_after,
        })
    }

    /// Sends a chat request once, and gives its reply as it comes.
    pub(super) async fn begin(&self, body: &Bytes) -> Result<Incoming, Failed> {
        let incoming = self.client.begin(self.outgoing(body));
        let incoming = self.deadline.hold(pin!(incoming)).await?;
        if incoming.is_answer() {
            return Ok(incoming);
        }
        let answer = self.deadline.hold(pin!(incoming.whole())).await?;
        Err(Failed {
            error: failure::of_answer(&answer, self.endpoint()),
            retry_after: answer.retry_after,
        })
    }

    /// The protocol that is spoken.
    pub(super) fn api(&self) -> Api {
        self.target.route.wire()
    }

    /// The path of chat requests, as errors name it.
    fn endpoint(&self) -> &'static str {
        self.target.server.chat_path(self.api())
    }

    fn outgoing(&self, body: &Bytes) -> Outgoing<'_> {
        let server = &self.target.server;
        Outgoing {
            url: server.chat_url(self.api()),
            authorization: server.key.as_ref(),
            body: Some(body.clone()),
            idle_timeout: server.idle_timeout,
        }
    }

    /// An error with what the server has: the names like a missing model's, the models that can do what
    /// this one cannot. An error that is known stays known, however the time ran out that was to make it
    /// better.
    pub(super) async fn explained(&self, error: Error) -> Error {
        let (client, server) = (&self.client, &self.target.server);
        if !server.is_ollama() {
            return error;
        }
        if error.kind() == ErrorKind::ModelNotFound {
            let names = pin!(async { Ok(inquire::names(client, server).await) });
            let names = self.deadline.hold(names).await.unwrap_or_default();
            return error
                .of_model(self.target.model.as_str())
                .with_installed(&names, self.is_pinned());
        }
        if let Some(capability) = error.missing_capability() {
            let able = pin!(async { Ok(inquire::able(client, server, capability).await) });
            return error.with_able(&self.deadline.hold(able).await.unwrap_or_default());
        }
        error
    }

    /// Whether the command's attribute names the model.
    fn is_pinned(&self) -> bool {
        let model = self.target.settings.model.as_ref();
        model.is_some_and(|model| model.source == Source::Attribute)
    }

    /// Whether the model can see: a server drops the images of one that cannot without a word.
    pub(super) async fn check_vision(&self) -> Result<Option<Warning>, Error> {
        let server = &self.target.server;
        if !server.is_ollama() {
            return Ok(Some(Warning::VisionUnknown));
        }
        let asked = inquire::capabilities(&self.client, server, self.target.model.as_str());
        let error = match self.deadline.hold(pin!(asked)).await {
            Ok(None) => return Ok(Some(Warning::VisionUnknown)),
            Ok(Some(capabilities)) if capabilities.iter().any(|one| one == "vision") => {
                return Ok(None);
            }
            Ok(Some(_)) => Error::new(Detail::Capability {
                missing: "images".to_owned(),
                able: Vec::new(),
            }),
            // A gateway may serve this route alone.
            Err(error) if error.kind() == ErrorKind::NotOllama && self.api() == Api::OpenaiChat => {
                return Ok(Some(Warning::VisionUnknown));
            }
            Err(error) => error,
        };
        Err(self.explained(error).await)
    }

    /// Whether the context may be too small for the prompt. On `openai_chat` a server cuts a prompt that
    /// is too long without a word, and only the count of its tokens tells.
    pub(super) fn may_have_cut(&self, reply: &Reply) -> bool {
        let silent = self.api() == Api::OpenaiChat && self.target.server.is_ollama();
        let read = reply.usage.prompt_tokens;
        silent && read.is_some_and(|read| read >= SMALLEST_CONTEXT)
    }

    /// The tokens of the context, where the prompt filled it.
    pub(super) async fn context_filled(&self, usage: Usage) -> Option<u64> {
        let (server, model) = (&self.target.server, self.target.model.as_str());
        let asked = pin!(async { Ok(inquire::context_length(&self.client, server, model).await) });
        let tokens = self.deadline.hold(asked).await.ok()??;
        (usage.prompt_tokens? >= tokens).then_some(tokens)
    }
}
