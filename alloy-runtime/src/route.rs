//! Where a request goes: which protocol, which model, which server.

mod model_name;
mod server;

use std::fmt;

pub(crate) use self::model_name::{ModelName, Provider};
pub(crate) use self::server::Server;
use crate::config::{Api, Settings, Source};
use crate::error::Error;

/// The protocol a command took, and why.
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
    api: Api,
    reason: &'static str,
}

impl Route {
    /// The protocol; `None` where none is spoken, since the model is not behind a server.
    #[must_use]
    pub fn api(&self) -> Option<Api> {
        Some(self.api)
    }

    /// The protocol, among those of a server.
    pub(crate) fn wire(&self) -> Api {
        self.api
    }

    /// The rule that chose the protocol, in words.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.reason
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.api, self.reason)
    }
}

/// Settings, and all that follows from them alone. A command that sets nothing for its call has the same
/// target every time.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) settings: Settings,
    pub(crate) route: Route,
    pub(crate) model: ModelName,
    pub(crate) server: Server,
}

impl Target {
    /// Where the settings lead.
    ///
    /// # Errors
    ///
    /// A configuration error where no model is set, its prefix names a provider that this version has no
    /// route to, or its server is not known.
    pub(crate) fn of(settings: Settings) -> Result<Self, Error> {
        let (route, model) = choose(&settings)?;
        let server = Server::of(&settings, &model, route.wire())?;
        Ok(Self {
            settings,
            route,
            model,
            server,
        })
    }
}

/// Chooses the route of a command's model.
///
/// # Errors
///
/// A configuration error where no model is set, or where its prefix names a provider that this
/// version has no route to.
fn choose(settings: &Settings) -> Result<(Route, ModelName), Error> {
    let Some(model) = &settings.model else {
        return Err(Error::configuration(
            "no model is set; set ALLOY_MODEL, for example ALLOY_MODEL=ollama:llama3.1",
            "Set ALLOY_MODEL, or name the model where the command is declared, #[command(model = \"ollama:llama3.1\")], or called, .model(\"ollama:llama3.1\"), or for the program, configure(Config::new().model(\"ollama:llama3.1\")). `ollama list` shows what is installed.",
        ));
    };
    let name = ModelName::of(&model.value)?;
    let (api, reason) = match &settings.api {
        _ if name.provider == Provider::OpenAi => (Api::OpenaiChat, "an `openai:` model"),
        Some(api) => (api.value, set_by(api.source)),
        None if name.is_gpt_oss() => (Api::OpenaiChat, "the model's name contains `gpt-oss`"),
        None => (Api::Native, "an Ollama model"),
    };
    Ok((Route { api, reason }, name))
}

/// The reason of a route that was asked for.
fn set_by(source: Source) -> &'static str {
    match source {
        Source::Call => "`api` is set (call)",
        Source::Attribute => "`api` is set (attribute)",
        Source::Scope => "`api` is set (scope)",
        Source::Process => "`api` is set (process)",
        Source::Environment => "`ollama_api` is set in ALLOY_EXTRA_JSON",
        Source::Default => "`api` is set (default)",
    }
}
