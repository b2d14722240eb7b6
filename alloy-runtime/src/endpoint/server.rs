//! Resolves the address and the key of a server from the settings.

use std::sync::Arc;
use std::time::Duration;

use super::{Endpoint, ModelName};
use crate::config::{Api, BaseUrl, Secret, SettingSource, Settings};
use crate::error::Error;

/// Connection settings of a server.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// The value of the `Authorization` header.
    pub(crate) key: Option<Secret>,
    pub(crate) connect_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    /// Maximum number of requests to the server that wait for a reply.
    pub(crate) max_concurrency: u32,
}

impl Connection {
    fn new(settings: &Settings, key: Option<Secret>) -> Self {
        Self {
            key,
            connect_timeout: settings.connect_timeout.value,
            idle_timeout: settings.idle_timeout.value,
            max_concurrency: settings.max_concurrency.value,
        }
    }
}

/// Resolves an Ollama server.
pub(super) fn ollama(settings: &Settings, api: Api) -> Endpoint {
    // OpenAI's clients always send a key, so a proxy in front of the server may require one on this route.
    const PLACEHOLDER: Secret = Secret::placeholder("Bearer ollama");
    let host = &settings.host;
    let key = settings.api_key.as_ref();
    // Credentials in the host are more specific than the key, but not stronger than the host's layer.
    let credentials = host.value.server().credentials.as_ref();
    let credentials = credentials.filter(|_| key.is_none_or(|key| host.source <= key.source));
    let key = credentials.or(key.map(|key| &key.value)).cloned();
    let key = key.or((api == Api::OpenaiChat).then_some(PLACEHOLDER));
    Endpoint::Ollama {
        host: Arc::clone(&host.value),
        api,
        connection: Connection::new(settings, key.filter(|key| !key.is_empty())),
    }
}

/// Resolves the server of an `openai:` model.
///
/// # Errors
///
/// Returns a configuration error if the base URL is missing or not valid, or if the key cannot be sent in a header.
pub(super) fn chat_completions(settings: &Settings, model: &ModelName) -> Result<Endpoint, Error> {
    let Some(base_url) = &settings.base_url else {
        return Err(Error::configuration(
            format!(
                "model `openai:{}` has no server; set OPENAI_BASE_URL, for example OPENAI_BASE_URL=http://127.0.0.1:8000/v1",
                model.as_str()
            ),
            "Set OPENAI_BASE_URL, or `Config::base_url`, to the base URL of a server that speaks Chat Completions.",
        ));
    };
    let name = name_of(base_url.source, "OPENAI_BASE_URL", "`base_url`");
    let parsed = BaseUrl::parse(name, &base_url.value)?;
    let key = match parsed.server().credentials.as_ref() {
        Some(credentials) => Some(credentials.clone()),
        // A key from the environment is for the server of the environment: it may be meant for other programs, so a
        // URL in the code does not receive it.
        None => settings
            .openai_api_key
            .as_ref()
            .filter(|key| key.source <= base_url.source && !key.value.is_empty())
            .map(|key| {
                let name = name_of(key.source, "OPENAI_API_KEY", "`openai_api_key`");
                Secret::bearer(name, key.value.expose())
            })
            .transpose()?,
    };
    Ok(Endpoint::ChatCompletions {
        base_url: parsed,
        connection: Connection::new(settings, key),
    })
}

/// Names a setting as its author wrote it.
fn name_of(source: SettingSource, variable: &'static str, key: &'static str) -> &'static str {
    match source {
        SettingSource::Environment => variable,
        _ => key,
    }
}
