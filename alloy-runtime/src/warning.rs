//! What went otherwise than it was asked for, though nothing failed.

use std::fmt;

use crate::config::Api;

/// Something a person should know of a call that did not fail: see
/// [`Outcome::warnings`](crate::Outcome::warnings).
///
/// Each is also a `tracing` event of level WARN. `Display` says it in words, with the next step.
///
/// ```
/// use alloy_runtime::{Api, command};
///
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> String;
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// let preview = hello().api(Api::OpenaiChat).option("num_ctx", 8192).preview()?;
/// assert!(preview.warnings[0].to_string().starts_with("`num_ctx` was not sent"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The protocol has no place for a setting, so it was left out.
    #[non_exhaustive]
    NotSent {
        /// The key or option.
        setting: String,
        /// The protocol.
        api: Api,
    },
    /// The engine in this process does not do what a setting asks for, so it was left out.
    #[non_exhaustive]
    NotDone {
        /// The option.
        setting: String,
    },
    /// The models named `gpt-oss` think whatever they are told, and answer nothing where they are told
    /// not to; `think = false` was left out.
    ThinksAnyway,
    /// An option that no version of Ollama is known to have. The native route sends it, and servers
    /// ignore what they do not know; the other leaves it out.
    #[non_exhaustive]
    UnknownOption {
        /// The option.
        name: String,
        /// The known one that may have been meant.
        near: Option<String>,
    },
    /// The prompt filled the model's context: its beginning, or its middle, was probably cut.
    #[non_exhaustive]
    ContextFull {
        /// The tokens of the context.
        tokens: u64,
    },
    /// An image was sent to a model of which the server did not say whether it can see.
    VisionUnknown,
    /// A streamed text began with thinking of which nothing told before its closing tag came, so that it was
    /// given out with the text. The summary has the two apart.
    ThinkingStreamed,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent { setting, api } => {
                write!(f, "`{setting}` was not sent: {api} has no place for it")?;
                match setting.as_str() {
                    "num_ctx" => f.write_str(
                        "; set OLLAMA_CONTEXT_LENGTH on the server, or use the native route",
                    ),
                    _ => f.write_str("; Ollama's native route has one"),
                }
            }
            Self::NotDone { setting } => write!(
                f,
                "`{setting}` was left out: the embedded engine does not support it; Ollama does, as `ollama:NAME`"
            ),
            Self::ThinksAnyway => f.write_str(
                "`think = false` was not sent: models named gpt-oss always think; `low` is the least",
            ),
            Self::UnknownOption { name, near } => {
                write!(f, "`{name}` is no option that Ollama is known to have")?;
                match near {
                    Some(near) => write!(f, "; did you mean `{near}`?"),
                    None => f.write_str(", and servers ignore what they do not know"),
                }
            }
            Self::ContextFull { tokens } => write!(
                f,
                "the prompt filled the model's context of {tokens} tokens, so a part of it was probably cut; shorten it, or set OLLAMA_CONTEXT_LENGTH on the server"
            ),
            Self::ThinkingStreamed => f.write_str(
                "the text began with thinking that could not be told from it before its end, so it was given out; the summary has the two apart",
            ),
            Self::VisionUnknown => f.write_str(
                "the server did not say whether the model can see images; one that cannot ignores them",
            ),
        }
    }
}
