//! The endpoint of a command: the server or model file that answers it, and the protocol.

mod foreign;
mod model_name;
mod route;
mod server;

use std::path::Path;
use std::sync::Arc;

pub(crate) use self::model_name::ModelName;
use self::model_name::Provider;
pub use self::route::Route;
pub(crate) use self::server::Connection;
use crate::config::{Api, BaseUrl, Host, Secret, Settings, Url};
use crate::error::{Error, ErrorKind, ServerError, ServerKind, excerpt, redact};

/// Resolved settings with the model, route and endpoint that follow from them. All calls of a command that set nothing
/// resolve to the same value, so it is cached in the command's definition.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) settings: Settings,
    pub(crate) model: ModelName,
    pub(crate) route: Route,
    pub(crate) endpoint: Endpoint,
}

/// The server or the model file that a request is sent to.
#[derive(Clone, Debug)]
pub(crate) enum Endpoint {
    /// An Ollama server and one of its two protocols.
    Ollama {
        host: Arc<Host>,
        api: Api,
        connection: Connection,
    },
    /// Another server that speaks Chat Completions.
    ChatCompletions {
        base_url: BaseUrl,
        connection: Connection,
    },
    /// A model file for the engine in this process.
    ModelFile(Arc<Path>),
}

/// The format of a request body and of its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Ollama's `POST /api/chat`.
    Native,
    /// Ollama's `POST /v1/chat/completions`.
    OpenaiChat,
    /// `POST …/chat/completions` of another server.
    ChatCompletions,
    /// The request of the engine in this process.
    Engine,
}

impl Protocol {
    /// Returns the name in files that Alloy writes.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::OpenaiChat => "openai_chat",
            Self::ChatCompletions => "chat_completions",
            Self::Engine => "engine",
        }
    }
}

impl Resolved {
    /// Chooses the route and the endpoint.
    ///
    /// # Errors
    ///
    /// Returns a configuration error if no model is set, if the model has no server, or if the model is a file and this
    /// program was built without the engine.
    pub(crate) fn new(mut settings: Settings) -> Result<Self, Error> {
        let is_stand_in = settings.backend.value.is_stand_in();
        if is_stand_in {
            settings.complete_for_stand_in();
        }
        let Some(model) = &settings.model else {
            return Err(no_model());
        };
        let counts = |source| source <= model.source;
        let model = ModelName::parse(&model.value)?;
        // A layer that names a model decides where the prompts go.
        settings.fallback = settings
            .fallback
            .take()
            .filter(|fallback| counts(fallback.source));
        let route = Route::choose(&settings, &model);
        let endpoint = match (model.provider, route.api()) {
            (Provider::File, _) | (_, None) if !cfg!(feature = "embedded") && !is_stand_in => {
                return Err(not_built(&model));
            }
            (Provider::File, _) | (_, None) => {
                Endpoint::ModelFile(Path::new(model.as_str()).into())
            }
            (Provider::Ollama, Some(api)) => Endpoint::ollama(&settings, api),
            (Provider::OpenAi, Some(_)) => server::chat_completions(&settings, &model)?,
        };
        Ok(Self {
            settings,
            model,
            route,
            endpoint,
        })
    }

    /// Returns `true` if the command's attribute names the model.
    pub(crate) fn is_pinned(&self) -> bool {
        use crate::config::SettingSource;

        let model = self.settings.model.as_ref();
        model.is_some_and(|model| model.source == SettingSource::Attribute)
    }

    /// Adds the model and the endpoint to an error, and redacts the key from it.
    pub(crate) fn attach_to(&self, error: Error) -> Error {
        self.endpoint
            .attach_to(error.with_model(self.model.as_str()))
    }
}

impl Endpoint {
    /// Returns the Ollama server of the settings, for any model.
    pub(crate) fn ollama(settings: &Settings, api: Api) -> Self {
        server::ollama(settings, api)
    }

    pub(crate) fn protocol(&self) -> Protocol {
        match self {
            Self::Ollama { api, .. } => match api {
                Api::Native => Protocol::Native,
                Api::OpenaiChat => Protocol::OpenaiChat,
            },
            Self::ChatCompletions { .. } => Protocol::ChatCompletions,
            Self::ModelFile(_) => Protocol::Engine,
        }
    }

    /// Returns the provider's name for traces.
    pub(crate) fn provider(&self) -> &'static str {
        match self {
            Self::Ollama { .. } => "ollama",
            Self::ChatCompletions { .. } => "openai",
            Self::ModelFile(_) => "gguf",
        }
    }

    /// Returns the connection settings of the server; `None` for a model file.
    pub(crate) fn connection(&self) -> Option<&Connection> {
        match self {
            Self::Ollama { connection, .. } | Self::ChatCompletions { connection, .. } => {
                Some(connection)
            }
            Self::ModelFile(_) => None,
        }
    }

    /// Returns the server's address without credentials; `None` for a model file.
    pub(crate) fn address(&self) -> Option<&str> {
        match self {
            Self::Ollama { host, .. } => Some(host.address()),
            Self::ChatCompletions { base_url, .. } => Some(&base_url.server().address),
            Self::ModelFile(_) => None,
        }
    }

    /// Returns `true` if the server is on this machine. No proxy is used for it.
    pub(crate) fn is_loopback(&self) -> bool {
        match self {
            Self::Ollama { host, .. } => host.server().loopback,
            Self::ChatCompletions { base_url, .. } => base_url.server().loopback,
            Self::ModelFile(_) => true,
        }
    }

    /// Returns the URL of chat requests; `None` for a model file.
    pub(crate) fn chat_url(&self) -> Option<&Url> {
        match self {
            Self::Ollama { host, api, .. } => Some(host.chat_url(*api)),
            Self::ChatCompletions { base_url, .. } => Some(base_url.chat_url()),
            Self::ModelFile(_) => None,
        }
    }

    /// Returns the path of chat requests below the address, for errors.
    pub(crate) fn chat_path(&self) -> &'static str {
        match self {
            Self::Ollama { api, .. } => Host::chat_path(*api),
            Self::ChatCompletions { .. } => BaseUrl::chat_path(),
            Self::ModelFile(_) => "",
        }
    }

    /// Returns the URL of another of Ollama's endpoints; `None` for any other server.
    pub(crate) fn ollama_url(&self, path: &str) -> Option<Url> {
        match self {
            Self::Ollama { host, .. } => Some(host.url(path)),
            Self::ChatCompletions { .. } | Self::ModelFile(_) => None,
        }
    }

    /// Returns the URL of chat requests without credentials, or `gguf:` and the path of a model file.
    pub(crate) fn display_url(&self) -> String {
        match (self, self.address()) {
            (Self::ModelFile(path), _) => format!("gguf:{}", path.display()),
            (_, address) => format!("{}{}", address.unwrap_or_default(), self.chat_path()),
        }
    }

    /// Adds the server to an error, and redacts the key from the server's own messages.
    pub(crate) fn attach_to(&self, error: Error) -> Error {
        let (kind, with_own_port) = match self {
            Self::Ollama { host, .. } => (ServerKind::Ollama, &host.server().with_own_port),
            Self::ChatCompletions { .. } => (ServerKind::ChatCompletions, &None),
            Self::ModelFile(_) => return error,
        };
        let key = self
            .connection()
            .and_then(|connection| connection.key.as_ref());
        let has_key = key.is_some_and(|key| !key.is_placeholder());
        error
            .redacted(&self.redaction_patterns())
            .with_server(self.address().unwrap_or_default(), kind, has_key)
            .with_own_port(with_own_port.as_deref())
    }

    /// Truncates and sanitizes model output for display, and redacts the key that was sent to the server.
    pub(crate) fn display_text(&self, text: &str) -> String {
        let mut text = excerpt(text);
        for pattern in self.redaction_patterns() {
            redact(&mut text, &pattern);
        }
        text
    }

    /// Returns the error for images that the model cannot see.
    pub(crate) fn no_vision(&self) -> Error {
        match self {
            Self::ModelFile(_) => Error::embedded(
                ErrorKind::Capability,
                "a model file does not support images: the engine in this process reads text alone",
                "Leave the images out, or ask a model with vision on a server, as `ollama:NAME`.",
            ),
            Self::Ollama { .. } | Self::ChatCompletions { .. } => {
                Error::new(ServerError::Capability {
                    missing: "images".to_owned(),
                    capable: Vec::new(),
                })
            }
        }
    }

    /// Returns the texts to redact in what the server sent: the forms of its key.
    pub(crate) fn redaction_patterns(&self) -> Vec<String> {
        let key = self
            .connection()
            .and_then(|connection| connection.key.as_ref());
        key.map_or_else(Vec::new, Secret::redaction_patterns)
    }
}

fn no_model() -> Error {
    Error::configuration(
        "no model is set; set ALLOY_MODEL, for example ALLOY_MODEL=ollama:llama3.1",
        "Set ALLOY_MODEL, or name the model where the command is declared, #[command(model = \"ollama:llama3.1\")], or called, .model(\"ollama:llama3.1\"), or for the program, configure(Config::new().model(\"ollama:llama3.1\")). `ollama list` shows what is installed; without a server, `gguf:PATH` is a model file (feature `embedded`).",
    )
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
