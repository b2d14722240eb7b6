//! The line to the model that a command asks: its requests, within its deadline.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::deadline::Deadline;
use super::remote::Remote;
use super::source::Source;
use crate::config::{Settings, Source as Layer};
use crate::error::{Error, ErrorKind, excerpt};
use crate::global;
use crate::reply::{Reply, Usage};
use crate::request::Definition;
use crate::route::{Destination, ModelPath, Target};
use crate::warning::Warning;

/// The line to a command's model.
#[derive(Clone)]
pub(super) struct Line {
    end: End,
    target: Arc<Target>,
    definition: &'static Definition,
    pub(super) deadline: Deadline,
}

/// What is at its other end.
#[derive(Clone)]
enum End {
    Server(Remote),
    /// The engine in this process, with this file.
    Engine(ModelPath),
}

/// An error, with the command, the model and the server that it is about.
pub(super) fn named(error: Error, command: &'static str, target: &Target) -> Error {
    let error = error.of_command(command).of_model(target.model.as_str());
    match &target.destination {
        Destination::Server(server) => server.told(error),
        Destination::File(_) => error,
    }
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
    /// A line to a command's model. The command's time begins here.
    ///
    /// # Errors
    ///
    /// Outside a tokio runtime there is none.
    pub(super) fn open(
        definition: &'static Definition,
        target: Arc<Target>,
    ) -> Result<Self, Error> {
        let limit = target.settings.timeout.as_ref().map(|set| set.value);
        Ok(Self {
            deadline: Deadline::starting(limit),
            end: match &target.destination {
                Destination::Server(server) => End::Server(Remote::open(server)?),
                Destination::File(path) => {
                    global::runtime()?;
                    End::Engine(path.clone())
                }
            },
            definition,
            target,
        })
    }

    /// The settings, with what the program wants to be told and asked.
    pub(super) fn settings(&self) -> &Settings {
        &self.target.settings
    }

    /// The command's name.
    pub(super) fn command(&self) -> &'static str {
        self.definition.name()
    }

    fn model(&self) -> &str {
        self.target.model.as_str()
    }

    /// An error, with whom it is about.
    pub(super) fn named(&self, error: Error) -> Error {
        named(error, self.command(), &self.target)
    }

    /// A text of the model's that is shown: short, harmless, and without the key that was sent there.
    pub(super) fn shown(&self, text: &str) -> String {
        let text = excerpt(text);
        match &self.target.destination {
            Destination::Server(server) => server.without_key(text),
            Destination::File(_) => text,
        }
    }

    /// Sends a chat request once, and reads its reply.
    pub(super) async fn chat(&self, body: &Bytes) -> Result<Reply, Failed> {
        match &self.end {
            End::Server(remote) => {
                let answer = pin!(remote.exchange(body));
                remote.read(&self.deadline.hold(answer).await?)
            }
            End::Engine(path) => {
                let generation = global::generate(path, body.clone())?;
                // Boxed: a command that asks a server does not carry it.
                let reply = Box::pin(generation.whole());
                Ok(Box::pin(self.deadline.hold(pin!(reply))).await?)
            }
        }
    }

    /// Sends a chat request once, and gives its reply as it comes.
    pub(super) async fn begin(&self, body: &Bytes) -> Result<Source, Failed> {
        match &self.end {
            End::Server(remote) => {
                let incoming = remote.begin(&self.deadline, body).await?;
                Ok(Source::of_server(remote.api(), incoming))
            }
            End::Engine(path) => {
                let generation = global::generate(path, body.clone())?;
                let begun = self.deadline.hold(pin!(generation.begin())).await?;
                Ok(Source::Engine(begun))
            }
        }
    }

    /// An error with what the server has.
    pub(super) async fn explained(&self, error: Error) -> Error {
        match &self.end {
            End::Server(remote) => {
                let is_pinned = self.is_pinned();
                remote
                    .explained(&self.deadline, error, self.model(), is_pinned)
                    .await
            }
            End::Engine(_) => error,
        }
    }

    /// Whether the command's attribute names the model.
    fn is_pinned(&self) -> bool {
        let model = self.target.settings.model.as_ref();
        model.is_some_and(|model| model.source == Layer::Attribute)
    }

    /// Whether the model can see.
    pub(super) async fn check_vision(&self) -> Result<Option<Warning>, Error> {
        match &self.end {
            End::Server(remote) => match remote.check_vision(&self.deadline, self.model()).await {
                Err(error) => Err(self.explained(error).await),
                looked => looked,
            },
            End::Engine(_) => Err(Error::embedded(
                ErrorKind::Capability,
                "a model file does not support images: the engine in this process reads text alone",
                "Leave the images out, or ask a model with vision on a server, as `ollama:NAME`.",
            )),
        }
    }

    /// Whether the context may be too small for the prompt.
    pub(super) fn may_have_cut(&self, reply: &Reply) -> bool {
        match &self.end {
            End::Server(remote) => remote.may_have_cut(reply),
            // A prompt that is too long is an error there.
            End::Engine(_) => false,
        }
    }

    /// The tokens of the context, where the prompt filled it.
    pub(super) async fn context_filled(&self, usage: Usage) -> Option<u64> {
        match &self.end {
            End::Server(remote) => {
                let filled = remote.context_filled(&self.deadline, usage, self.model());
                filled.await
            }
            End::Engine(_) => None,
        }
    }
}
