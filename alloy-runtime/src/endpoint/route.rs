//! The route of a command: the protocol, and the rule that chose it.

use std::fmt;

use super::model_name::{ModelName, Provider};
use crate::config::{Api, SettingSource, Settings};

/// The route that a command takes, and the reason for it: a protocol of a server, or the engine in this process.
///
/// ```
/// use alloy_runtime::{Api, command};
///
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> String;
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// let route = hello().preview()?.route;
/// assert_eq!(route.api(), Some(Api::Native));
/// assert_eq!(route.reason(), "an Ollama model");
///
/// let route = hello().model("ollama:gpt-oss:20b").preview()?.route;
/// assert_eq!(route.to_string(), "openai_chat: the model's name contains `gpt-oss`");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    api: Option<Api>,
    reason: &'static str,
}

impl Route {
    /// Chooses the route of a model.
    pub(super) fn choose(settings: &Settings, model: &ModelName) -> Self {
        let (api, reason) = match (model.provider, &settings.api) {
            (Provider::File, _) => (None, "a model file"),
            (Provider::OpenAi, _) => (Some(Api::OpenaiChat), "an `openai:` model"),
            (Provider::Ollama, Some(api)) => (Some(api.value), set_by(api.source)),
            (Provider::Ollama, None) if model.is_gpt_oss() => {
                (Some(Api::OpenaiChat), "the model's name contains `gpt-oss`")
            }
            (Provider::Ollama, None) => (Some(Api::Native), "an Ollama model"),
        };
        Self { api, reason }
    }

    /// Returns the protocol; `None` for a model file, which needs no server.
    #[must_use]
    pub fn api(&self) -> Option<Api> {
        self.api
    }

    /// Returns the rule that chose the route, in words.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.reason
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.api {
            Some(api) => write!(f, "{api}: {}", self.reason),
            None => write!(f, "embedded: {}", self.reason),
        }
    }
}

/// Names the layer that sets `api`.
fn set_by(source: SettingSource) -> &'static str {
    match source {
        SettingSource::Call => "`api` is set (call)",
        SettingSource::Attribute => "`api` is set (attribute)",
        SettingSource::Scope => "`api` is set (scope)",
        SettingSource::Process => "`api` is set (process)",
        SettingSource::Environment => "`ollama_api` is set in ALLOY_EXTRA_JSON",
        SettingSource::Default => "`api` is set (default)",
    }
}
