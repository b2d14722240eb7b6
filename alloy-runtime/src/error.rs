//! The one error type of Alloy.
//!
//! `detail` has one enum per origin of an error, each in its own file with its kinds, messages and helps. `context`
//! has the facts about the call, and `report` the `Display` and `Debug` forms.

mod answer;
mod batch;
mod configuration;
mod connection;
mod context;
mod detail;
mod kind;
mod model_names;
mod origin;
mod proxy;
mod report;
mod server;
#[cfg(feature = "testing")]
mod stand_in;
mod text;
mod tool;
mod transient;

use std::error::Error as StdError;

pub(crate) use self::answer::AnswerError;
pub(crate) use self::batch::BatchError;
pub(crate) use self::configuration::ConfigurationError;
pub(crate) use self::connection::{ConnectionError, TimeLimit};
use self::context::ErrorContext;
pub(crate) use self::context::ServerKind;
pub(crate) use self::detail::Detail;
pub use self::kind::ErrorKind;
pub(crate) use self::model_names::MAX_SUGGESTED;
pub(crate) use self::proxy::{ProxyError, ProxyFailure};
pub(crate) use self::server::ServerError;
pub(crate) use self::text::{HumanDuration, excerpt, redact};
pub(crate) use self::tool::{Contract, ToolCallError};
use crate::message::{ToolResult, ToolStatus};
use crate::reply::{Reply, Usage};

/// Any error that the body of a command can return with `?`, and any cause of an [`Error`].
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// The error of a command.
///
/// A program branches on [`kind`](Error::kind) and reads the data from the accessors;
/// [`help`](Error::help) is the next step for a person. `Display` writes the message of this error alone;
/// [`source`](StdError::source) returns its cause. `Debug`, which `fn main() -> Result<(), Error>` prints, writes
/// the message, the causes and the help, each on one line; `{:#?}` writes all fields.
///
/// # Examples
///
/// ```no_run
/// use alloy_runtime::{Error, ErrorKind, command};
///
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> String;
///
/// # async fn run() -> Result<(), Error> {
/// match hello().await {
///     Ok(text) => println!("{text}"),
///     Err(error) if error.kind() == ErrorKind::Unreachable => {
///         eprintln!("no server at {}", error.address().unwrap_or("?"));
///     }
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    detail: Detail,
    source: Option<BoxError>,
    context: ErrorContext,
}

impl Error {
    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.detail.origin().kind()
    }

    /// Returns the next step for a person, in one or two sentences.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// let error = hello().temperature(3.0).preview().unwrap_err();
    /// assert_eq!(error.to_string(), "temperature is 3; expected a number from 0 to 2");
    /// assert_eq!(error.help(), "Give `.temperature(…)` a value from 0 (always the likeliest token) to 2.");
    /// ```
    #[must_use]
    pub fn help(&self) -> String {
        self.0.detail.origin().help(&self.0.context).into_owned()
    }

    /// Returns the number of the model's answers that were read before this error, 0 if there was none.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.context.attempts
    }

    /// Returns the number of requests that were sent before this error, 0 if nothing was sent.
    ///
    /// Requests exceed answers if a connection was lost before a reply began, or if a server was busy.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.0.context.requests
    }

    /// Returns the path, inside the output type, of the first invalid field.
    ///
    /// `None` if the whole answer is not valid, or if the error is of another kind.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match &self.0.detail {
            Detail::Answer(AnswerError::InvalidOutput { path, .. }) if path != "." => Some(path),
            _ => None,
        }
    }

    /// Returns the beginning, at most 200 characters, of an answer that is not valid output or of a body that
    /// does not follow the protocol.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        match &self.0.detail {
            Detail::Answer(AnswerError::InvalidOutput { excerpt, .. })
            | Detail::Server(ServerError::Protocol { excerpt, .. })
            | Detail::Connection(ConnectionError::WrongServer { excerpt, .. }) => Some(excerpt),
            _ => None,
        }
    }

    /// Returns the whole text that was received before the answer was cut, interrupted or found invalid.
    #[must_use]
    pub fn partial_text(&self) -> Option<&str> {
        self.0.context.partial_text.as_deref()
    }

    /// Returns the number of tool turns before this error. For
    /// [`ToolTurnLimit`](ErrorKind::ToolTurnLimit) this is the limit.
    #[must_use]
    pub fn tool_turns(&self) -> u32 {
        self.0.context.tool_turns
    }

    /// Returns the tool calls before this error, each with the result that the model was given.
    ///
    /// The turn in which a tool ended the command, or the time ran out, is not included.
    #[must_use]
    pub fn tool_results(&self) -> &[ToolResult] {
        &self.0.context.tool_results
    }

    /// Returns the name of the tool that ended the command or whose contract was violated.
    #[must_use]
    pub fn tool(&self) -> Option<&str> {
        match &self.0.detail {
            Detail::Tool(ToolCallError::Aborted { tool }) => Some(tool),
            Detail::Tool(ToolCallError::Contract { tool, .. }) => Some(tool),
            _ => None,
        }
    }

    /// Returns the name of the command's function.
    ///
    /// `None` for an error outside a command, such as one of [`configure`](crate::configure).
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// let error = hello().temperature(3.0).preview().unwrap_err();
    /// assert_eq!(error.command(), Some("hello"));
    /// ```
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        self.0.context.command
    }

    /// Returns the address of the server, without credentials.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.0.context.address.as_deref()
    }

    /// Returns the model's name as it was sent to the server.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.0.context.model.as_deref()
    }

    /// Returns the token counts of all answers that were read before this error; `None` if there was none.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.0.context.usage
    }
}

impl Error {
    pub(crate) fn new(detail: impl Into<Detail>) -> Self {
        Self(Box::new(Inner {
            detail: detail.into(),
            source: None,
            context: ErrorContext::default(),
        }))
    }

    /// Creates an error about a value that is not valid; `help` says what to write instead.
    pub(crate) fn configuration(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(ConfigurationError::Setting {
            message: message.into(),
            help: help.into(),
        })
    }

    /// Creates an error of the engine in this process.
    pub(crate) fn embedded(
        kind: ErrorKind,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::new(ServerError::Embedded {
            kind,
            message: message.into(),
            help: help.into(),
        })
    }

    /// Creates the error of a reply that reached the token limit.
    pub(crate) fn truncated(reply: &Reply) -> Self {
        let tokens = reply.usage.completion_tokens;
        Self::new(AnswerError::Truncated { tokens }).with_partial_text(reply.text.clone())
    }

    /// Creates an error about the prompt; `source` is what the command's body returned with `?`.
    pub(crate) fn prompt(source: BoxError) -> Self {
        Self::new(ConfigurationError::Prompt).with_source(source)
    }

    /// Copies an error that was raised before anything was sent. The copy has the source's text only.
    pub(crate) fn clone_early(&self) -> Self {
        let Inner { detail, source, .. } = &*self.0;
        let copy = match detail {
            Detail::Configuration(ConfigurationError::Prompt) => {
                Self::new(ConfigurationError::Prompt)
            }
            _ => Self::configuration(self.to_string(), self.help()),
        };
        match source {
            Some(source) => copy.with_source(source.to_string()),
            None => copy,
        }
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds where an option's value was given to the message.
    pub(crate) fn with_setting(mut self, given: &str) -> Self {
        if let Detail::Configuration(ConfigurationError::Setting { message, .. }) =
            &mut self.0.detail
        {
            *message = format!("`options` in {given}: {message}");
        }
        self
    }

    pub(crate) fn with_partial_text(mut self, text: String) -> Self {
        self.0.context.partial_text = Some(text);
        self
    }

    pub(crate) fn with_tool_results(mut self, results: Vec<ToolResult>) -> Self {
        let last = results.last();
        let failed = last.filter(|result| result.status != ToolStatus::Succeeded);
        self.0.context.last_failure =
            failed.map(|result| excerpt(&format!("{}: {}", result.name, result.content)));
        self.0.context.tool_results = results;
        self
    }

    pub(crate) fn with_command(mut self, name: &'static str) -> Self {
        self.0.context.command = Some(name);
        self
    }

    pub(crate) fn with_model(mut self, model: &str) -> Self {
        self.0.context.model = Some(model.to_owned());
        self
    }

    pub(crate) fn with_server(mut self, address: &str, kind: ServerKind, has_key: bool) -> Self {
        self.0.context.address = Some(address.to_owned());
        self.0.context.server = kind;
        self.0.context.has_key = has_key;
        self
    }

    /// Adds whether the command sets `max_tokens`.
    pub(crate) fn with_token_limit(mut self, has_limit: bool) -> Self {
        self.0.context.has_token_limit = Some(has_limit);
        self
    }

    pub(crate) fn with_own_port(mut self, address: Option<&str>) -> Self {
        self.0.context.with_own_port = address.map(str::to_owned);
        self
    }

    pub(crate) fn with_counters(mut self, requests: u32, replies: u32, tool_turns: u32) -> Self {
        self.0.context.requests = requests;
        self.0.context.replies = replies;
        self.0.context.tool_turns = tool_turns;
        self
    }

    pub(crate) fn with_usage(mut self, attempts: u32, usage: Usage) -> Self {
        self.0.context.attempts = attempts;
        self.0.context.usage = Some(usage);
        self
    }

    /// Adds the installed models that have the missing capability.
    pub(crate) fn with_capable_models(mut self, names: &[String]) -> Self {
        if let Detail::Server(ServerError::Capability { capable, .. }) = &mut self.0.detail {
            *capable = model_names::displayed_names(names.iter());
        }
        self
    }

    /// Adds similar installed models to the error about a missing one. `is_pinned` says whether the
    /// command's attribute names the model.
    pub(crate) fn with_installed_models(mut self, names: &[String], pinned: bool) -> Self {
        let Inner {
            detail, context, ..
        } = &mut *self.0;
        if let Detail::Server(ServerError::ModelNotFound { similar, is_pinned }) = detail {
            let missing = context.model.as_deref().unwrap_or_default();
            *similar = model_names::similar_names(missing, names);
            *is_pinned = pinned;
        }
        self
    }

    /// Replaces secrets in all foreign texts: a server may quote the key it rejects, or put it into an answer.
    pub(crate) fn redacted(mut self, secrets: &[String]) -> Self {
        let Inner {
            detail, context, ..
        } = &mut *self.0;
        let results = context.tool_results.iter_mut();
        let texts = detail.origin_mut().foreign_texts().into_iter();
        let texts = texts
            .chain(results.map(|result| &mut result.content))
            .chain(&mut context.last_failure)
            .chain(&mut context.partial_text);
        for text in texts {
            for secret in secrets {
                redact(text, secret);
            }
        }
        self
    }

    /// Returns the problem of an invalid answer in the words that the model reads.
    pub(crate) fn reason(&self) -> String {
        match &self.0.detail {
            Detail::Answer(answer @ AnswerError::InvalidOutput { .. }) => answer.reason(),
            _ => self.to_string(),
        }
    }

    /// Returns the missing capability under the name that Ollama lists it by; `None` if Ollama lists no such
    /// capability, or if the error is of another kind.
    pub(crate) fn missing_capability(&self) -> Option<&'static str> {
        let Detail::Server(ServerError::Capability { missing, .. }) = &self.0.detail else {
            return None;
        };
        match missing.as_str() {
            "images" => Some("vision"),
            "thinking" => Some("thinking"),
            "tools" => Some("tools"),
            _ => None,
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}
