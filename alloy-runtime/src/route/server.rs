//! The server that a command asks.

use std::sync::Arc;
use std::time::Duration;

use super::ModelName;
use crate::config::{Api, BaseUrl, Host, Place, Secret, Setting, Settings, Source, Url};
use crate::error::{Error, blank};

/// A server, and how it is talked to.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    asked: Asked,
    /// The protocol of chat requests.
    pub(crate) api: Api,
    /// What it is sent as the value of `Authorization`.
    pub(crate) key: Option<Secret>,
    pub(crate) connect_timeout: Duration,
    pub(crate) idle_timeout: Duration,
}

#[derive(Clone, Debug)]
enum Asked {
    Ollama(Arc<Host>),
    Other(BaseUrl),
}

impl Server {
    /// The server of a model.
    ///
    /// # Errors
    ///
    /// A configuration error where the base URL of an `openai:` model is missing or cannot be used.
    pub(super) fn of(settings: &Settings, model: &ModelName, api: Api) -> Result<Self, Error> {
        let (asked, key) = match model.is_ollama() {
            true => ollama(settings, api),
            false => other(settings, model)?,
        };
        Ok(Self::at(settings, asked, key, api))
    }

    /// Ollama's server, whatever the model.
    pub(crate) fn of_ollama(settings: &Settings) -> Self {
        let (asked, key) = ollama(settings, Api::Native);
        Self::at(settings, asked, key, Api::Native)
    }

    fn at(settings: &Settings, asked: Asked, key: Option<Secret>, api: Api) -> Self {
        let value = |setting: &Option<Setting<Duration>>| {
            // NOTE: Both have a default.
            setting.as_ref().map_or(Duration::MAX, |set| set.value)
        };
        Self {
            asked,
            api,
            key,
            connect_timeout: value(&settings.connect_timeout),
            idle_timeout: value(&settings.idle_timeout),
        }
    }

    fn place(&self) -> &Place {
        match &self.asked {
            Asked::Ollama(host) => host.place(),
            Asked::Other(base) => base.place(),
        }
    }

    /// The base URL, as it may be shown.
    pub(crate) fn address(&self) -> &str {
        &self.place().address
    }

    /// The path of chat requests below the address.
    pub(crate) fn chat_path(&self) -> &'static str {
        match &self.asked {
            Asked::Ollama(_) => Host::chat_path(self.api),
            Asked::Other(_) => BaseUrl::chat_path(),
        }
    }

    /// Where chat requests go.
    pub(crate) fn chat_url(&self) -> &Url {
        match &self.asked {
            Asked::Ollama(host) => host.chat_url(self.api),
            Asked::Other(base) => base.chat_url(),
        }
    }

    /// An error, with the server that it is about and without the key that was sent there.
    pub(crate) fn told(&self, error: Error) -> Error {
        let secrets = self.key.as_ref().map_or_else(Vec::new, Secret::forms);
        error.without(&secrets).at(self.address(), self.is_ollama())
    }

    /// A text without the key that is sent there.
    pub(crate) fn without_key(&self, mut text: String) -> String {
        for secret in self.key.iter().flat_map(Secret::forms) {
            blank(&mut text, &secret);
        }
        text
    }

    /// Another endpoint of Ollama's server; other servers have none that Alloy knows.
    pub(crate) fn url(&self, path: &str) -> Option<Url> {
        match &self.asked {
            Asked::Ollama(host) => Some(host.url(path)),
            Asked::Other(_) => None,
        }
    }

    pub(crate) fn is_ollama(&self) -> bool {
        matches!(self.asked, Asked::Ollama(_))
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.place().loopback
    }
}

fn ollama(settings: &Settings, api: Api) -> (Asked, Option<Secret>) {
    // What stands before a server may want a key wherever OpenAI's clients, which always send one, do.
    const PLACEHOLDER: Secret = Secret::known("Bearer ollama");
    let host = match &settings.host {
        Some(host) => Arc::clone(&host.value),
        None => Arc::default(),
    };
    // A host's own credentials are the more specific ones, but no stronger than their layer.
    let key = settings.api_key.as_ref();
    let layer = settings.host.as_ref().map(|host| host.source);
    let own = host.place().credentials.as_ref();
    let own = own.filter(|_| key.is_none_or(|key| layer.is_some_and(|layer| layer <= key.source)));
    let key = own.or(key.map(|key| &key.value)).cloned();
    let key = key.or((api == Api::OpenaiChat).then_some(PLACEHOLDER));
    (Asked::Ollama(host), key.filter(|key| !key.is_empty()))
}

fn other(settings: &Settings, model: &ModelName) -> Result<(Asked, Option<Secret>), Error> {
    let Some(base_url) = &settings.base_url else {
        return Err(Error::configuration(
            format!(
                "model `openai:{}` has no server; set OPENAI_BASE_URL, for example OPENAI_BASE_URL=http://127.0.0.1:8000/v1",
                model.as_str()
            ),
            "Set OPENAI_BASE_URL, or `Config::base_url`, to the base URL of a server that speaks Chat Completions.",
        ));
    };
    let given = |source: Source, variable: &'static str, name: &'static str| match source {
        Source::Environment => variable,
        _ => name,
    };
    let name = given(base_url.source, "OPENAI_BASE_URL", "`base_url`");
    let base = BaseUrl::parse(name, &base_url.value)?;
    if let Some(credentials) = base.place().credentials.clone() {
        return Ok((Asked::Other(base), Some(credentials)));
    }
    // A key of the environment is for the server of the environment: it may be meant for other programs,
    // and no URL that stands in code is told it.
    let key = settings.openai_api_key.as_ref();
    let key = key.filter(|key| key.source <= base_url.source && !key.value.is_empty());
    let key = key.map(|key| {
        let name = given(key.source, "OPENAI_API_KEY", "`openai_api_key`");
        Secret::bearer(name, key.value.expose())
    });
    Ok((Asked::Other(base), key.transpose()?))
}
