//! The line to the model that a command asks: its requests, within its deadline.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::deadline::Deadline;
use super::remote::Remote;
use super::source::Source;
use crate::config::{self, Settings};
use crate::error::{Error, ErrorKind, excerpt};
use crate::global::{self, Runtime};
use crate::output::apart;
use crate::reply::{Reply, Usage};
use crate::request::Definition;
use crate::route::{Destination, Target};
use crate::warning::Warning;

/// The line to a command's model.
#[derive(Clone)]
pub(super) struct Line {
    end: End,
    target: Arc<Target>,
    definition: &'static Definition,
    /// The runtime whose timers and connections it has, wherever it is polled later.
    pub(super) runtime: Runtime,
}

/// What is at its other end.
#[derive(Clone)]
enum End {
    Server(Remote),
    /// The engine in this process, with this file.
    Engine(Arc<Path>, Deadline),
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

/// Parts an answer from thinking that stands in its text.
pub(super) fn part_thinking(reply: &mut Reply) {
    if let Some((thinking, text)) = apart(&reply.text) {
        *reply.thinking.get_or_insert_default() += thinking;
        reply.text = text.to_owned();
        reply.thought_in_text = true;
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
        let runtime = global::runtime()?;
        let limit = target.settings.timeout.as_ref().map(|set| set.value);
        let deadline = Deadline::starting(limit);
        Ok(Self {
            end: match &target.destination {
                Destination::Server(server) => End::Server(Remote::open(server, deadline)?),
                Destination::File(path) => End::Engine(Arc::clone(path), deadline),
            },
            definition,
            target,
            runtime,
        })
    }

    /// When the command's time is over.
    pub(super) fn deadline(&self) -> &Deadline {
        match &self.end {
            End::Server(remote) => &remote.deadline,
            End::Engine(_, deadline) => deadline,
        }
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
        let mut reply = match &self.end {
            End::Server(remote) => remote.chat(body).await?,
            End::Engine(path, deadline) => {
                let generation = global::generate(path, body.clone())?;
                // Boxed: a command that asks a server does not carry it.
                let reply = Box::pin(async { deadline.hold(pin!(generation.whole())).await });
                reply.await?
            }
        };
        part_thinking(&mut reply);
        Ok(reply)
    }

    /// Sends a chat request once, and gives its reply as it comes.
    pub(super) async fn begin(&self, body: &Bytes) -> Result<Box<dyn Source>, Failed> {
        match &self.end {
            End::Server(remote) => Ok(Box::new(remote.begin(body).await?)),
            End::Engine(path, deadline) => {
                let generation = global::generate(path, body.clone())?;
                let begun = deadline.hold(pin!(generation.begin())).await?;
                Ok(Box::new(begun))
            }
        }
    }

    /// An error with what the server has.
    pub(super) async fn explained(&self, error: Error) -> Error {
        match &self.end {
            End::Server(remote) => {
                let explained = remote.explained(error, self.model(), self.is_pinned());
                explained.await
            }
            End::Engine(..) => error,
        }
    }

    /// Whether the command's attribute names the model.
    fn is_pinned(&self) -> bool {
        let model = self.target.settings.model.as_ref();
        model.is_some_and(|model| model.source == config::Source::Attribute)
    }

    /// Whether the model can see.
    pub(super) async fn check_vision(&self) -> Result<Option<Warning>, Error> {
        match &self.end {
            End::Server(remote) => match remote.check_vision(self.model()).await {
                Err(error) => Err(self.explained(error).await),
                looked => looked,
            },
            End::Engine(..) => Err(Error::embedded(
                ErrorKind::Capability,
                "a model file does not support images: the engine in this process reads text alone",
                "Leave the images out, or ask a model with vision on a server, as `ollama:NAME`.",
            )),
        }
    }

    /// Whether the context may be too small for the prompt. The engine tells that as an error.
    pub(super) fn may_have_cut(&self, reply: &Reply) -> bool {
        matches!(&self.end, End::Server(remote) if remote.may_have_cut(reply))
    }

    /// The tokens of the context, where the prompt filled it.
    pub(super) async fn context_filled(&self, usage: Usage) -> Option<u64> {
        match &self.end {
            End::Server(remote) => remote.context_filled(usage, self.model()).await,
            End::Engine(..) => None,
        }
    }
}
