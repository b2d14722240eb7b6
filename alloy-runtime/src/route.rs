//! Where a request goes: which protocol, which model, which server or file.

mod model_name;
mod server;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

pub(crate) use self::model_name::ModelName;
use self::model_name::Provider;
pub(crate) use self::server::Server;
use crate::config::{Api, Settings, Source};
use crate::error::{Error, excerpt};

/// The way a command took, and why: a protocol of a server, or the engine in this process.
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
    way: Way,
    reason: &'static str,
}

/// How a model is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Server(Api),
    /// By the engine in this process.
    Embedded,
}

impl Route {
    /// The protocol; `None` where none is spoken, since the model is not behind a server.
    #[must_use]
    pub fn api(&self) -> Option<Api> {
        match self.way {
            Way::Server(api) => Some(api),
            Way::Embedded => None,
        }
    }

    pub(crate) fn way(&self) -> Way {
        self.way
    }

    /// The rule that chose it, in words.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.reason
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.way {
            Way::Server(api) => write!(f, "{api}: {}", self.reason),
            Way::Embedded => write!(f, "embedded: {}", self.reason),
        }
    }
}

/// Settings, and all that follows from them alone. A command that sets nothing for its call has the same
/// target every time.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) settings: Settings,
    pub(crate) route: Route,
    pub(crate) model: ModelName,
    pub(crate) destination: Destination,
}

/// Who has the model.
#[derive(Clone, Debug)]
pub(crate) enum Destination {
    Server(Arc<Server>),
    /// Where the model file lies.
    File(Arc<Path>),
}

impl Destination {
    /// The provider, as traces name it.
    pub(crate) fn provider(&self) -> &'static str {
        match self {
            Self::Server(server) if server.is_ollama() => "ollama",
            Self::Server(_) => "openai",
            Self::File(_) => "gguf",
        }
    }

    /// Where requests go, as it may be shown.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Server(server) => format!("{}{}", server.address(), server.chat_path()),
            Self::File(path) => format!("gguf:{}", path.display()),
        }
    }
}

impl Target {
    /// Where the settings lead.
    ///
    /// # Errors
    ///
    /// A configuration error where no model is set, its server is not known, or it is a file and this
    /// program cannot run one.
    pub(crate) fn of(settings: Settings) -> Result<Self, Error> {
        let (route, model) = choose(&settings)?;
        let destination = match route.way {
            Way::Server(api) => Destination::Server(Arc::new(Server::of(&settings, &model, api)?)),
            Way::Embedded if !cfg!(feature = "embedded") => return Err(not_built(&model)),
            Way::Embedded => Destination::File(Path::new(model.as_str()).into()),
        };
        Ok(Self {
            settings,
            route,
            model,
            destination,
        })
    }
}

fn not_built(model: &ModelName) -> Error {
    Error::configuration(
        format!(
            "model `gguf:{}` is a file, and this program was built without the engine that runs one; turn on the feature `embedded` of alloy-runtime",
            excerpt(model.as_str())
        ),
        "Run `cargo add alloy-runtime --features embedded`, or name a model of a server: `ollama:NAME`.",
    )
}

/// Chooses the route of a command's model.
///
/// # Errors
///
/// A configuration error where no model is set, or nothing follows its prefix.
fn choose(settings: &Settings) -> Result<(Route, ModelName), Error> {
    let Some(model) = &settings.model else {
        return Err(Error::configuration(
            "no model is set; set ALLOY_MODEL, for example ALLOY_MODEL=ollama:llama3.1",
            "Set ALLOY_MODEL, or name the model where the command is declared, #[command(model = \"ollama:llama3.1\")], or called, .model(\"ollama:llama3.1\"), or for the program, configure(Config::new().model(\"ollama:llama3.1\")). `ollama list` shows what is installed; without a server, `gguf:PATH` is a model file (feature `embedded`).",
        ));
    };
    let name = ModelName::of(&model.value)?;
    let openai_chat = Way::Server(Api::OpenaiChat);
    let (way, reason) = match (name.provider, &settings.api) {
        (Provider::File, _) => (Way::Embedded, "a model file"),
        (Provider::OpenAi, _) => (openai_chat, "an `openai:` model"),
        (Provider::Ollama, Some(api)) => (Way::Server(api.value), set_by(api.source)),
        (Provider::Ollama, None) if name.is_gpt_oss() => {
            (openai_chat, "the model's name contains `gpt-oss`")
        }
        (Provider::Ollama, None) => (Way::Server(Api::Native), "an Ollama model"),
    };
    Ok((Route { way, reason }, name))
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
