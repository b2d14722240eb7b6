//! The server that a command asks.

use std::sync::Arc;
use std::time::Duration;

use super::{ModelName, Provider};
use crate::config::{Api, BaseUrl, Host, Secret, Setting, Settings, Source, Url};
use crate::error::Error;

/// A server, and how it is talked to.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    place: Place,
    /// What it is sent as the value of `Authorization`.
    pub(crate) key: Option<Secret>,
    pub(crate) connect_timeout: Duration,
    pub(crate) idle_timeout: Duration,
}

#[derive(Clone, Debug)]
enum Place {
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
        let (place, key) = match model.provider {
            Provider::Ollama => ollama(settings, api),
            Provider::OpenAi => other(settings, model)?,
        };
        Ok(Self::at(settings, place, key))
    }

    /// Ollama's server, whatever the model.
    pub(crate) fn of_ollama(settings: &Settings) -> Self {
        let (place, key) = ollama(settings, Api::Native);
        Self::at(settings, place, key)
    }

    fn at(settings: &Settings, place: Place, key: Option<Secret>) -> Self {
        let value = |setting: &Option<Setting<Duration>>| {
            // NOTE: Both have a default.
            setting.as_ref().map_or(Duration::MAX, |set| set.value)
        };
        Self {
            place,
            key,
            connect_timeout: value(&settings.connect_timeout),
            idle_timeout: value(&settings.idle_timeout),
        }
    }

    /// The base URL, as it may be shown.
    pub(crate) fn address(&self) -> &str {
        match &self.place {
            Place::Ollama(host) => host.address(),
            Place::Other(base) => base.address(),
        }
    }

    /// The path of chat requests below the address.
    pub(crate) fn chat_path(&self, api: Api) -> &'static str {
        match &self.place {
            Place::Ollama(_) => Host::chat_path(api),
            Place::Other(_) => BaseUrl::chat_path(),
        }
    }

    /// Where chat requests go.
    pub(crate) fn chat_url(&self, api: Api) -> &Url {
        match &self.place {
            Place::Ollama(host) => host.chat_url(api),
            Place::Other(base) => base.chat_url(),
        }
    }

    /// Another endpoint of Ollama's server; other servers have none that Alloy knows.
    pub(crate) fn url(&self, path: &str) -> Option<Url> {
        match &self.place {
            Place::Ollama(host) => Some(host.url(path)),
            Place::Other(_) => None,
        }
    }

    pub(crate) fn is_ollama(&self) -> bool {
        matches!(self.place, Place::Ollama(_))
    }

    pub(crate) fn is_loopback(&self) -> bool {
        match &self.place {
            Place::Ollama(host) => host.is_loopback(),
            Place::Other(base) => base.is_loopback(),
        }
    }
}

fn ollama(settings: &Settings, api: Api) -> (Place, Option<Secret>) {
    // What stands before a server may want a key wherever OpenAI's clients, which always send one, do.
    const PLACEHOLDER: Secret = Secret::known("Bearer ollama");
    let host = match &settings.host {
        Some(host) => Arc::clone(&host.value),
        None => Arc::default(),
    };
    let key = || settings.api_key.as_ref().map(|key| key.value.clone());
    // A host's own credentials are the more specific ones.
    let key = host.credentials().cloned().or_else(key);
    let key = key.or((api == Api::OpenaiChat).then_some(PLACEHOLDER));
    (Place::Ollama(host), key.filter(|key| !key.is_empty()))
}

fn other(settings: &Settings, model: &ModelName) -> Result<(Place, Option<Secret>), Error> {
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
    if let Some(credentials) = base.credentials().cloned() {
        return Ok((Place::Other(base), Some(credentials)));
    }
    // A key of the environment is for the server of the environment: it may be meant for other programs,
    // and no URL that stands in code is told it.
    let key = settings.openai_api_key.as_ref();
    let key = key.filter(|key| key.source <= base_url.source && !key.value.is_empty());
    let key = key.map(|key| {
        let name = given(key.source, "OPENAI_API_KEY", "`openai_api_key`");
        Secret::bearer(name, key.value.expose())
    });
    Ok((Place::Other(base), key.transpose()?))
}
