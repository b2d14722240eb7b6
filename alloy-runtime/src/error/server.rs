//! Errors that a server, or the engine in this process, reports.

use std::borrow::Cow;

use super::context::ErrorContext;
use super::kind::ErrorKind;
use super::origin::ErrorOrigin;

/// The reason why a key does not help where an Ollama server asks ollama.com.
const SIGNED_BY_SERVER: &str =
    "OLLAMA_API_KEY has no effect here: the server signs its requests to ollama.com itself.";

/// Maximum number of requests while a model is loaded. With the pauses between them they cover five minutes, after
/// which Ollama gives up on a model.
const MAX_LOADING: u32 = 160;

/// An error of a server. `text` is the server's own message.
#[derive(Debug)]
pub(crate) enum ServerError {
    ModelNotFound {
        /// Installed models with a similar name.
        similar: Vec<String>,
        /// `true` if the command's attribute names the model.
        is_pinned: bool,
    },
    /// The model cannot start.
    ModelLoad {
        text: String,
    },
    /// The model ended while it ran.
    ModelStopped {
        text: String,
    },
    /// The model is not in memory yet.
    Loading {
        text: String,
    },
    Capability {
        missing: String,
        /// Installed models that have the missing capability.
        capable: Vec<String>,
    },
    OutOfMemory {
        text: String,
    },
    Overloaded {
        status: u16,
        text: String,
    },
    ContextOverflow {
        text: String,
    },
    Unauthorized {
        status: u16,
        text: String,
    },
    /// The model runs at ollama.com, where the Ollama server is not signed in.
    NotSignedIn {
        signin_url: String,
    },
    /// Any other error of the server.
    Status {
        status: u16,
        text: String,
    },
    /// The reply does not follow the protocol.
    Protocol {
        found: Cow<'static, str>,
        excerpt: String,
    },
    /// An error of the engine in this process, which writes its own message and help.
    Embedded {
        kind: ErrorKind,
        message: String,
        help: String,
    },
}

impl ErrorOrigin for ServerError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::ModelNotFound { .. } => ErrorKind::ModelNotFound,
            Self::ModelLoad { .. } => ErrorKind::ModelLoad,
            Self::ModelStopped { .. } => ErrorKind::ModelStopped,
            Self::Capability { .. } => ErrorKind::Capability,
            Self::OutOfMemory { .. } => ErrorKind::OutOfMemory,
            Self::Overloaded { .. } | Self::Loading { .. } => ErrorKind::Overloaded,
            Self::ContextOverflow { .. } => ErrorKind::ContextOverflow,
            Self::Unauthorized { .. } | Self::NotSignedIn { .. } => ErrorKind::Unauthorized,
            Self::Status { .. } => ErrorKind::Server,
            Self::Protocol { .. } => ErrorKind::Protocol,
            Self::Embedded { kind, .. } => *kind,
        }
    }

    fn message(&self, context: &ErrorContext) -> String {
        let (address, model) = (context.address(), context.model());
        let (beginning, text) = match self {
            Self::ModelNotFound { similar, .. } => return context.server.choose(
                format!("model `{model}` is not installed at {address}; get it with `ollama pull {model}`{}", alternatives(", or use", similar)),
                format!("the server at {address} has no model `{model}`"),
            ),
            Self::Capability { missing, capable } => {
                return format!("model `{model}` does not support {missing}{}", alternatives("; use", capable));
            }
            Self::Protocol { found, .. } => {
                return format!("the reply from {address} does not follow the protocol: {found}");
            }
            Self::Embedded { message, .. } => return message.clone(),
            Self::NotSignedIn { .. } => {
                return format!("model `{model}` runs at ollama.com, and the server at {address} is not signed in there; run `ollama signin`");
            }
            Self::ModelLoad { text } => (format!("model `{model}` failed to start on the server"), text),
            Self::ModelStopped { text } => (format!("model `{model}` stopped while it ran on the server"), text),
            Self::Loading { text } => (format!("the server at {address} still loads model `{model}`"), text),
            Self::OutOfMemory { text } => (format!("the server has too little memory for model `{model}`"), text),
            Self::Overloaded { status, text } => (format!("the server at {address} is too busy (status {status})"), text),
            Self::ContextOverflow { text } => (format!("the prompt is longer than the context of model `{model}`"), text),
            Self::Unauthorized { status: status @ 401, text } if !context.has_key && !context.is_cloud_model() => (format!("the server at {address} wants a key, and none is set (status {status})"), text),
            Self::Unauthorized { status, text } => (format!("the server at {address} did not authorize the request (status {status})"), text),
            // Servers before 0.12.6 report errors with status 200, which would only confuse.
            Self::Status { status: 200, text } => ("the server answered with an error".to_owned(), text),
            Self::Status { status, text } => (format!("the server answered with status {status}"), text),
        };
        match text.as_str() {
            "" => beginning,
            text => format!("{beginning}: {text}"),
        }
    }

    fn help(&self, context: &ErrorContext) -> Cow<'static, str> {
        const SEE_LOG: &str = "The text is the server's own message; its log has more.";
        let model = context.model();
        if context.is_cloud_model()
            && let Some(help) = self.cloud_help()
        {
            return help;
        }
        let (ollama, other) = match self {
            Self::ModelNotFound { similar, is_pinned } => {
                let name_other = match similar.first() {
                    Some(similar) => format!(", or set the model to `{similar}`"),
                    None => String::new(),
                };
                let pinned = match is_pinned {
                    true => " The command's attribute names the model, and wins over ALLOY_MODEL.",
                    false => "",
                };
                (
                    format!("Run `ollama pull {model}`{name_other}; `ollama list` shows what is installed.{pinned}").into(),
                    "Name a model that the server has; most servers list theirs at `/models` below the base URL.",
                )
            }
            Self::ModelLoad { .. } => (
                format!("Look for the reason in the server's log: a graphics driver, a damaged file, or a server too old for the model. `ollama run {model}` tries the model alone.").into(),
                SEE_LOG,
            ),
            Self::ModelStopped { .. } => (
                format!("Look for the reason in the server's log: too little memory, or a fault of the graphics driver. `ollama ps` shows what is loaded; `ollama run {model}` tries the model alone.").into(),
                SEE_LOG,
            ),
            Self::Loading { .. } => (
                "Wait until the model is loaded, or allow more time (`timeout`).".into(),
                "Wait until the model is loaded, or allow more time (`timeout`).",
            ),
            Self::Capability { missing, capable } => (
                match capable.first() {
                    _ if missing == "thinking" => format!("Leave `think` out (ALLOY_THINK, `think = …`, `.think(…)`), or use a model that can think: `ollama show {model}` lists the capabilities of this one."),
                    Some(capable) => format!("Set the model to `{capable}`; `ollama show NAME` lists the capabilities of a model."),
                    None => format!("Use a model that supports it: `ollama show {model}` lists the capabilities of this one."),
                }
                .into(),
                "Name a model that the server has and that supports this; the server's documentation lists what each model supports.",
            ),
            Self::OutOfMemory { .. } => (
                "Use a smaller model or a smaller quantisation, or free memory: `ollama ps` shows what is loaded and `ollama stop NAME` unloads it.".into(),
                SEE_LOG,
            ),
            Self::Overloaded { .. } => (
                "Send fewer commands at a time, or try again later. OLLAMA_NUM_PARALLEL and OLLAMA_MAX_QUEUE on the server set how many it accepts.".into(),
                "Send fewer commands at a time, or try again later.",
            ),
            Self::ContextOverflow { .. } => (
                format!("Shorten the prompt, or enlarge the context: `.option(\"num_ctx\", 16384)` or `options(num_ctx = 16384)` on the native route, OLLAMA_CONTEXT_LENGTH on the server for both. `ollama show {model}` shows the model's limit.").into(),
                "Shorten the prompt, or use a model or a server setting with a longer context.",
            ),
            Self::Unauthorized { .. } => (
                "Set OLLAMA_API_KEY to a key that the server accepts.".into(),
                "Set OPENAI_API_KEY to a key that the server accepts.",
            ),
            Self::Protocol { .. } => (
                "Check that OLLAMA_HOST names an Ollama server of version 0.12.6 or newer, and that no proxy in between changes its replies.".into(),
                "Check that OPENAI_BASE_URL names a server that speaks Chat Completions, and that no proxy in between changes its replies.",
            ),
            Self::NotSignedIn { signin_url } => {
                return format!("Run `ollama signin` on the machine of the server, or open {signin_url}. {SIGNED_BY_SERVER}").into();
            }
            Self::Status { .. } => (SEE_LOG.into(), SEE_LOG),
            Self::Embedded { help, .. } => return help.clone().into(),
        };
        context.server.choose(ollama, other.into())
    }

    fn foreign_texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::ModelNotFound { similar, .. } => similar.iter_mut().collect(),
            Self::Capability { missing, capable } => capable.iter_mut().chain([missing]).collect(),
            Self::Protocol {
                found: Cow::Owned(found),
                excerpt,
            } => vec![found, excerpt],
            Self::Protocol { excerpt, .. } => vec![excerpt],
            Self::ModelLoad { text }
            | Self::ModelStopped { text }
            | Self::Loading { text }
            | Self::OutOfMemory { text }
            | Self::Overloaded { text, .. }
            | Self::ContextOverflow { text }
            | Self::Unauthorized { text, .. }
            | Self::Status { text, .. } => vec![text],
            Self::NotSignedIn { signin_url } => vec![signin_url],
            Self::Embedded { .. } => Vec::new(),
        }
    }

    fn max_transmissions(&self, server_named_a_delay: bool) -> u32 {
        match self {
            Self::Loading { .. } => MAX_LOADING,
            Self::Overloaded { status: 429, .. } if !server_named_a_delay => 1,
            Self::Overloaded { .. }
            | Self::Status {
                status: 502 | 504, ..
            } => 3,
            // The model wrote a malformed tool call; its next try may be well formed.
            Self::Status { status: 500, text } if text.contains("error parsing tool call") => 2,
            _ => 1,
        }
    }
}

impl ServerError {
    /// Returns the next step for a model that runs at ollama.com, and that a server elsewhere passes requests on to.
    fn cloud_help(&self) -> Option<Cow<'static, str>> {
        let help = match self {
            Self::Unauthorized { status: 401, .. } => {
                return Some(
                    format!("Run `ollama signin` on the machine of the server. {SIGNED_BY_SERVER}")
                        .into(),
                );
            }
            Self::Unauthorized { .. } => {
                "Check the account that the server is signed in with: its plan may not include this model (https://ollama.com/settings). `ollama signin` on the server changes the account."
            }
            Self::Overloaded { status: 429, .. } => {
                "Wait until the limit of the account at ollama.com is reset, use a larger plan (https://ollama.com/settings), or set a model that runs on the server itself."
            }
            Self::Overloaded { .. }
            | Self::Status {
                status: 502..=504, ..
            } => {
                "Try again later: the server passed the request on to ollama.com, and got no answer. Check that the machine of the server reaches ollama.com."
            }
            Self::Status { status: 403, .. } => {
                "Allow cloud models on the server (its variable OLLAMA_NO_CLOUD, or its settings, turn them off), or set a model that runs on the server itself."
            }
            _ => return None,
        };
        Some(help.into())
    }
}

/// Returns model names as alternatives after `word`, or nothing if there are none.
fn alternatives(word: &str, names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!("{word} `{}`", names.join("` or `")),
    }
}
