//! A server, asked by HTTP within a command's deadline.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;

use super::deadline::Deadline;
use super::line::Failed;
use super::source::Body;
use crate::config::Api;
use crate::error::{Detail, Error, ErrorKind};
use crate::global;
use crate::reply::{Reply, Usage};
use crate::route::Server;
use crate::transport::{Client, Outgoing};
use crate::warning::Warning;
use crate::wire::{self, Answer, failure};

/// A prompt of fewer tokens has not filled any context that people use.
const SMALLEST_CONTEXT: u64 = 256;

/// A server, and the client that asks it.
#[derive(Clone)]
pub(super) struct Remote {
    pub(super) client: Client,
    pub(super) server: Arc<Server>,
    pub(super) deadline: Deadline,
}

impl Remote {
    /// # Errors
    ///
    /// Outside a tokio runtime there is no client.
    pub(super) fn open(server: &Arc<Server>, deadline: Deadline) -> Result<Self, Error> {
        Ok(Self {
            client: global::client(server.is_loopback(), server.connect_timeout)?,
            server: Arc::clone(server),
            deadline,
        })
    }

    /// Sends a chat request once, and reads its reply.
    pub(super) async fn chat(&self, body: &Bytes) -> Result<Reply, Failed> {
        let answer = pin!(self.client.exchange(self.outgoing(body)));
        let answer = self.deadline.hold(answer).await?;
        let reply = wire::reply(self.server.api, self.server.chat_path(), &answer);
        reply.map_err(|error| failed(error, &answer))
    }

    /// Sends a chat request once, and gives its reply as it comes.
    pub(super) async fn begin(&self, body: &Bytes) -> Result<Body, Failed> {
        let incoming = self.client.begin(self.outgoing(body));
        let incoming = self.deadline.hold(pin!(incoming)).await?;
        if incoming.is_answer() {
            return Ok(Body::new(self.server.api, incoming));
        }
        let answer = self.deadline.hold(pin!(incoming.whole())).await?;
        let error = failure::of_answer(&answer, self.server.chat_path());
        Err(failed(error, &answer))
    }

    fn outgoing(&self, body: &Bytes) -> Outgoing<'_> {
        Outgoing {
            url: self.server.chat_url(),
            authorization: self.server.key.as_ref(),
            body: Some(body.clone()),
            idle_timeout: self.server.idle_timeout,
        }
    }

    /// An error about a model with what the server has: the names like a missing model's, the models that
    /// can do what this one cannot. An error that is known stays known, however the time ran out that was
    /// to make it better.
    pub(super) async fn explained(&self, error: Error, model: &str, is_pinned: bool) -> Error {
        if !self.server.is_ollama() {
            return error;
        }
        if error.kind() == ErrorKind::ModelNotFound {
            let names = pin!(async { Ok(self.names().await) });
            let names = self.deadline.hold(names).await.unwrap_or_default();
            return error.of_model(model).with_installed(&names, is_pinned);
        }
        if let Some(capability) = error.missing_capability() {
            let able = pin!(async { Ok(self.able(capability).await) });
            return error.with_able(&self.deadline.hold(able).await.unwrap_or_default());
        }
        error
    }

    /// Whether a model can see: a server drops the images of one that cannot without a word.
    pub(super) async fn check_vision(&self, model: &str) -> Result<Option<Warning>, Error> {
        if !self.server.is_ollama() {
            return Ok(Some(Warning::VisionUnknown));
        }
        match self.deadline.hold(pin!(self.capabilities(model))).await {
            Ok(None) => Ok(Some(Warning::VisionUnknown)),
            Ok(Some(capabilities)) if capabilities.iter().any(|one| one == "vision") => Ok(None),
            Ok(Some(_)) => Err(Error::new(Detail::Capability {
                missing: "images".to_owned(),
                able: Vec::new(),
            })),
            // A gateway may serve this route alone.
            Err(error)
                if error.kind() == ErrorKind::NotOllama && self.server.api == Api::OpenaiChat =>
            {
                Ok(Some(Warning::VisionUnknown))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the context may be too small for the prompt. On `openai_chat` a server cuts a prompt that
    /// is too long without a word, and only the count of its tokens tells.
    pub(super) fn may_have_cut(&self, reply: &Reply) -> bool {
        let silent = self.server.api == Api::OpenaiChat && self.server.is_ollama();
        let read = reply.usage.prompt_tokens;
        silent && read.is_some_and(|read| read >= SMALLEST_CONTEXT)
    }

    /// The tokens of a model's context, where the prompt filled it.
    pub(super) async fn context_filled(&self, usage: Usage, model: &str) -> Option<u64> {
        let length = pin!(async { Ok(self.context_length(model).await) });
        let tokens = self.deadline.hold(length).await.ok()??;
        (usage.prompt_tokens? >= tokens).then_some(tokens)
    }
}

/// An error, with what the server said about asking again.
fn failed(error: Error, answer: &Answer) -> Failed {
    Failed {
        error,
        retry_after: answer.retry_after,
    }
}
