//! Warnings: deviations from what was configured that are not errors.

use std::fmt;

use crate::config::Api;

/// A problem of a command that is not an error, from [`Outcome::warnings`](crate::Outcome::warnings).
///
/// Each warning is also a `tracing` event of level WARN. `Display` describes the problem and, where there is one, the
/// next step.
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
    /// The protocol does not support a setting, so it was not sent.
    #[non_exhaustive]
    UnsupportedByProtocol {
        /// The name of the setting: a key or an option.
        setting: String,
        /// The protocol.
        api: Api,
    },
    /// The embedded engine does not support a setting, so it was ignored.
    #[non_exhaustive]
    UnsupportedByEngine {
        /// The name of the option.
        setting: String,
    },
    /// `think = false` was not sent, because models named `gpt-oss` always think: with thinking turned off, they
    /// return an empty answer.
    ThinkingForced,
    /// An option that no known version of Ollama supports. Ollama's native protocol sends it, and servers ignore
    /// unknown options; the OpenAI-compatible protocol does not send it.
    #[non_exhaustive]
    UnknownOption {
        /// The name of the option.
        name: String,
        /// A known option with a similar name.
        near: Option<String>,
    },
    /// The prompt filled the model's context, so the server probably removed its beginning or middle.
    #[non_exhaustive]
    ContextFull {
        /// The size of the context in tokens.
        tokens: u64,
    },
    /// The server cut the prompt to fit it into the model's context, so the model did not read all of it.
    #[non_exhaustive]
    PromptCut {
        /// The number of tokens that were left of the prompt.
        tokens: u64,
        /// The size of the context in tokens.
        context: u64,
    },
    /// The reply ended for a reason that is not known, so the answer may not be whole.
    #[non_exhaustive]
    UnknownFinishReason {
        /// The reason as the server wrote it.
        reason: String,
    },
    /// The model wrote a tool call into its text, and it was run like any other. The setting `text_tool_calls` turns
    /// this off.
    #[non_exhaustive]
    TextToolCall {
        /// The name of the tool.
        tool: String,
    },
    /// The format of an image was not recognized by its first bytes, so the server may not be able to read it.
    UnknownImageFormat,
    /// An image has a format that many servers cannot read: neither PNG nor JPEG nor WebP. It was sent as it is.
    #[non_exhaustive]
    UncommonImageFormat {
        /// The media type of the format, for example `image/gif`.
        media_type: &'static str,
    },
    /// An image was sent to a model for which the server did not report if it has the capability `vision`.
    VisionUnknown,
    /// The cache could not be used for the answer: an entry is damaged, or cannot be written.
    #[non_exhaustive]
    CacheFailed {
        /// The problem.
        problem: String,
    },
    /// An answer was kept in the cache that is one of many: the temperature is above 0, and no seed is set.
    RandomAnswerCached,
    /// A streamed text began with thinking that only its closing tag marked, so the thinking was streamed as text.
    /// The summary separates the two.
    ThinkingStreamed,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedByProtocol { setting, api } => {
                write!(f, "`{setting}` was not sent: {api} does not support it")?;
                match setting.as_str() {
                    "num_ctx" => f.write_str(
                        "; set OLLAMA_CONTEXT_LENGTH on the server, or use the native route",
                    ),
                    _ => f.write_str("; use Ollama's native route, which does"),
                }
            }
            Self::UnsupportedByEngine { setting } => write!(
                f,
                "`{setting}` was ignored: the embedded engine does not support it; run the model in Ollama, as `ollama:NAME`, which does"
            ),
            Self::ThinkingForced => f.write_str(
                "`think = false` was not sent: models named gpt-oss always think; use `think = \"low\"` for the least thinking",
            ),
            Self::UnknownOption { name, near } => {
                write!(f, "`{name}` is not a known option of Ollama")?;
                match near {
                    Some(near) => write!(f, "; did you mean `{near}`?"),
                    None => f.write_str("; check its name, since servers ignore unknown options"),
                }
            }
            Self::ContextFull { tokens } => write!(
                f,
                "the prompt filled the model's context of {tokens} tokens, so the server probably removed a part of it; shorten the prompt, or set OLLAMA_CONTEXT_LENGTH on the server"
            ),
            Self::PromptCut { tokens, context } => write!(
                f,
                "the server cut the prompt to {tokens} tokens to fit it into the model's context of {context}; shorten the prompt, or set OLLAMA_CONTEXT_LENGTH on the server"
            ),
            Self::UnknownFinishReason { reason } => write!(
                f,
                "the reply ended for a reason that is not known, `{reason}`, so the answer may not be whole; look the reason up in the server's documentation"
            ),
            Self::TextToolCall { tool } => write!(
                f,
                "the model wrote a call of `{tool}` into its text, and it was run; use a model or a chat template with tool calls, or set `text_tool_calls = false` to take such a text for the answer"
            ),
            Self::UnknownImageFormat => f.write_str(
                "the format of an image is not known, so the server may not be able to read it; use PNG, JPEG or WebP",
            ),
            Self::UncommonImageFormat { media_type } => write!(
                f,
                "an image is {media_type}, which many servers cannot read; convert it to PNG, JPEG or WebP"
            ),
            Self::CacheFailed { problem } => write!(f, "the cache was not used: {problem}"),
            Self::RandomAnswerCached => f.write_str(
                "the cache keeps one of many answers: the temperature is above 0 and no seed is set; set `temperature = 0.0` or the option `seed`",
            ),
            Self::ThinkingStreamed => f.write_str(
                "the text began with thinking that only its closing tag marked, so the thinking was streamed as text; `TextStream::summary` separates the two",
            ),
            Self::VisionUnknown => f.write_str(
                "the server did not report whether the model supports images; a model that does not ignores them, so check its description",
            ),
        }
    }
}
