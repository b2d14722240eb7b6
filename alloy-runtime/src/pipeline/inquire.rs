//! What an Ollama server is asked beside chat: what it has, what a model can do, how much it reads at a time.

use std::time::Duration;

use tokio::time::timeout;

use super::remote::Remote;
use crate::error::Error;
use crate::installed::Model;
use crate::transport::Outgoing;
use crate::wire::{Answer, ollama};

/// How long a question may take that makes an error or a warning better and is not needed otherwise.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same, for a question after each answer to a long prompt: a server that chats answers it at once.
const LITTLE_PATIENCE: Duration = Duration::from_millis(500);
/// How long a question may take on whose answer it depends what is sent.
const MUCH_PATIENCE: Duration = Duration::from_secs(10);
/// How many models are asked one by one for what they can do, on servers whose list does not say.
const MOST_ASKED: usize = 20;

impl Remote {
    /// The models that the server has.
    pub(super) async fn installed(&self) -> Result<Vec<Model>, Error> {
        ollama::installed(&self.question(ollama::TAGS, None).await?)
    }

    /// The names of the models that the server has; none where it does not say so soon.
    pub(super) async fn names(&self) -> Vec<String> {
        match timeout(PATIENCE, self.installed()).await {
            Ok(Ok(models)) => models.into_iter().map(|model| model.name).collect(),
            _ => Vec::new(),
        }
    }

    /// What a model can do; `None` where the server does not say, or not in time.
    pub(super) async fn capabilities(&self, model: &str) -> Result<Option<Vec<String>>, Error> {
        let answer = self.question(ollama::SHOW, Some(ollama::show_body(model)));
        match timeout(MUCH_PATIENCE, answer).await {
            Ok(answer) => ollama::capabilities(&answer?),
            Err(_) => Ok(None),
        }
    }

    /// The installed models that can do `capability`; none where the server does not say so soon.
    pub(super) async fn able(&self, capability: &str) -> Vec<String> {
        let search = async {
            let mut able = Vec::new();
            let models = self.installed().await.unwrap_or_default();
            for model in models.into_iter().take(MOST_ASKED) {
                let capabilities = match model.capabilities {
                    None => self.capabilities(&model.name).await.ok().flatten(),
                    known => known,
                };
                if capabilities.is_some_and(|known| known.iter().any(|one| one == capability)) {
                    able.push(model.name);
                }
            }
            able
        };
        timeout(PATIENCE, search).await.unwrap_or_default()
    }

    /// The context that a model was loaded with, in tokens; `None` where the server does not say so soon.
    pub(super) async fn context_length(&self, model: &str) -> Option<u64> {
        let answer = timeout(LITTLE_PATIENCE, self.question(ollama::PS, None)).await;
        ollama::context_length(&answer.ok()?.ok()?, model)
    }

    async fn question(&self, path: &str, body: Option<Vec<u8>>) -> Result<Answer, Error> {
        let Some(url) = self.server.url(path) else {
            // NOTE: Only Ollama's servers are asked.
            return Err(Error::configuration("this server has no such endpoint", ""));
        };
        let outgoing = Outgoing {
            url: &url,
            authorization: self.server.key.as_ref(),
            body: body.map(Into::into),
            idle_timeout: self.server.idle_timeout,
        };
        self.client.exchange_at_once(outgoing).await
    }
}
