//! The one error type of Alloy.

mod detail;
mod help;
mod kind;
mod report;

use std::error::Error as StdError;
use std::fmt;

pub(crate) use self::detail::{Contract, Detail, TimeLimit};
pub use self::kind::ErrorKind;
pub(crate) use self::report::{Span, blank, excerpt};
use crate::message::{ToolResult, ToolStatus};
use crate::reply::Usage;

/// Any error that a body of a command can raise with `?`, and any cause below an [`Error`].
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a command did not give its value.
///
/// [`kind`](Error::kind) is what a program branches on, the accessors carry the data, and
/// [`help`](Error::help) is the next step for a person. `Display` tells this error's own layer, and
/// [`source`](StdError::source) the cause below it. `Debug` is what `fn main() -> Result<(), Error>`
/// shows: message, causes and help, a line each; `{:#?}` is the structured form.
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

pub(crate) struct Inner {
    pub(crate) detail: Detail,
    pub(crate) source: Option<BoxError>,
    /// The name of the command that failed.
    pub(crate) command: Option<&'static str>,
    /// The host that was asked, without credentials.
    pub(crate) address: Option<String>,
    /// Whether that is Ollama's server, and not another that speaks Chat Completions.
    pub(crate) ollama: bool,
    /// The model's name as the server got it.
    pub(crate) model: Option<String>,
    /// How many answers the model gave before this error.
    pub(crate) attempts: u32,
    pub(crate) usage: Option<Usage>,
    /// How often requests were sent.
    pub(crate) sends: u32,
    /// How many replies were read, those that called tools as well.
    pub(crate) replies: u32,
    /// How many turns of tool calls were taken.
    pub(crate) tool_turns: u32,
    /// What came of the calls of tools before this error.
    pub(crate) tool_results: Vec<ToolResult>,
    /// What the last call of a tool was told where it did not work, fit to be shown.
    pub(crate) last_failure: Option<String>,
    /// The text that came before this error, where some had.
    pub(crate) partial: Option<String>,
}

impl Error {
    /// What went wrong, to branch on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.detail.kind()
    }

    /// The next step for a person, in one or two sentences.
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
        help::of(&self.0)
    }

    /// How many answers of the model were read before this error; 0 where none came.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How often requests were sent before this error, those of rejected answers included: more often than
    /// there were answers where a connection was lost before its reply began, or a server was busy. 0 where
    /// nothing was sent.
    #[must_use]
    pub fn sends(&self) -> u32 {
        self.0.sends
    }

    /// The path, inside the output type, of the first field that did not fit; `None` where the whole
    /// answer did not, or the error is of another kind.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match &self.0.detail {
            Detail::InvalidOutput { path, .. } if path != "." => Some(path),
            _ => None,
        }
    }

    /// The piece of the reply that was wrong, at most 200 characters of it: of the answer where it is
    /// no valid output, of the body where it is not what the protocol says.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        match &self.0.detail {
            Detail::InvalidOutput { excerpt, .. }
            | Detail::Protocol { excerpt, .. }
            | Detail::NotOllama { excerpt, .. } => Some(excerpt),
            _ => None,
        }
    }

    /// The text that came before the answer was cut, broke off or was found invalid: all of it.
    #[must_use]
    pub fn partial_text(&self) -> Option<&str> {
        self.0.partial.as_deref()
    }

    /// How many turns of tool calls were taken before this error. Where the kind is
    /// [`ToolLimit`](ErrorKind::ToolLimit), that is the limit as well.
    #[must_use]
    pub fn tool_turns(&self) -> u32 {
        self.0.tool_turns
    }

    /// The calls of tools before this error, and what the model was told of each: what was done already. The
    /// turn in which a tool ended the command, or the time was over, is not among them.
    #[must_use]
    pub fn tool_results(&self) -> &[ToolResult] {
        &self.0.tool_results
    }

    /// The name of the tool that the error is about: that ended the command, or whose contract was broken.
    #[must_use]
    pub fn tool(&self) -> Option<&str> {
        match &self.0.detail {
            Detail::ToolAborted { tool } => Some(tool),
            Detail::Contract { tool, .. } => Some(tool),
            _ => None,
        }
    }

    /// The name of the command that failed, as its function is named; `None` of an error that no command
    /// had, such as that of [`configure`](crate::configure).
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
        self.0.command
    }

    /// The address of the server that was asked, without credentials.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.0.address.as_deref()
    }

    /// The model's name as the server was given it.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    /// The tokens of all answers that were read before this error; `None` where none came.
    #[must_use]
    pub fn usage(&self) -> Option<Usage> {
        self.0.usage
    }
}

impl Error {
    pub(crate) fn new(detail: Detail) -> Self {
        Self(Box::new(Inner {
            detail,
            source: None,
            command: None,
            address: None,
            ollama: true,
            model: None,
            attempts: 0,
            usage: None,
            sends: 0,
            replies: 0,
            tool_turns: 0,
            tool_results: Vec::new(),
            last_failure: None,
            partial: None,
        }))
    }

    /// A value that cannot be used, and what to write instead.
    pub(crate) fn configuration(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(Detail::Configuration {
            message: message.into(),
            help: help.into(),
        })
    }

    /// What the engine in this process has to say, and what to do next.
    pub(crate) fn embedded(
        kind: ErrorKind,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::new(Detail::Embedded {
            kind,
            message: message.into(),
            help: help.into(),
        })
    }

    /// The same error, with where the value was written.
    pub(crate) fn in_setting(mut self, given: &str) -> Self {
        if let Detail::Configuration { message, .. } = &mut self.0.detail {
            *message = format!("`options` in {given}: {message}");
        }
        self
    }

    /// The command's body failed; `source` is what it returned with `?`.
    pub(crate) fn prompt(source: BoxError) -> Self {
        Self::new(Detail::Prompt).with_source(source)
    }

    /// The same error once more, for the next one who meets it: of those kinds that stand before
    /// anything is sent. The source is told by its text.
    pub(crate) fn again(&self) -> Self {
        let mut again = match &self.0.detail {
            Detail::Configuration { message, help } => Self::configuration(message, help),
            Detail::Prompt => Self::new(Detail::Prompt),
            _ => Self::configuration(self.to_string(), self.help()),
        };
        again.0.source = self
            .0
            .source
            .as_ref()
            .map(|source| source.to_string().into());
        again
    }

    /// The same error, with the text that came before it.
    pub(crate) fn after_text(mut self, text: String) -> Self {
        self.0.partial = Some(text);
        self
    }

    /// The same error, with what the tools did before it.
    pub(crate) fn after_tools(mut self, results: Vec<ToolResult>) -> Self {
        let failed = results.last();
        let failed = failed.filter(|result| result.status != ToolStatus::Succeeded);
        self.0.last_failure =
            failed.map(|result| excerpt(&format!("{}: {}", result.name, result.content)));
        self.0.tool_results = results;
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Takes secrets out of what a server said: it may quote the key that it does not like, or answer with it.
    pub(crate) fn without(mut self, secrets: &[String]) -> Self {
        let texts = self.0.detail.foreign_texts().into_iter();
        let results = self.0.tool_results.iter_mut();
        let texts = texts.chain(results.map(|result| &mut result.content));
        for text in texts
            .chain(&mut self.0.last_failure)
            .chain(&mut self.0.partial)
        {
            for secret in secrets {
                blank(text, secret);
            }
        }
        self
    }

    pub(crate) fn at(mut self, address: &str, ollama: bool) -> Self {
        self.0.address = Some(address.to_owned());
        self.0.ollama = ollama;
        self
    }

    pub(crate) fn of_command(mut self, name: &'static str) -> Self {
        self.0.command = Some(name);
        self
    }

    pub(crate) fn of_model(mut self, model: &str) -> Self {
        self.0.model = Some(model.to_owned());
        self
    }

    pub(crate) fn sent(mut self, sends: u32, replies: u32, tool_turns: u32) -> Self {
        self.0.sends = sends;
        self.0.replies = replies;
        self.0.tool_turns = tool_turns;
        self
    }

    /// How often a request that ended in this error may be sent at most. `asked_back` says whether the
    /// server told when to come back.
    ///
    /// A request whose reply has begun is never sent again: what it did is not known.
    pub(crate) fn most_sends(&self, asked_back: bool) -> u32 {
        match &self.0.detail {
            Detail::Overloaded { status: 429, .. } if !asked_back => 1,
            Detail::Interrupted { begun: false }
            | Detail::Overloaded { .. }
            | Detail::Server {
                status: 502 | 504, ..
            } => 3,
            // A model that could not write a call in its own form: it may the next time.
            Detail::Server { status: 500, text } if text.contains("error parsing tool call") => 2,
            _ => 1,
        }
    }

    pub(crate) fn after(mut self, attempts: u32, usage: Usage) -> Self {
        self.0.attempts = attempts;
        self.0.usage = Some(usage);
        self
    }

    /// What was wrong with an answer, for the model to read: the path and the problem.
    pub(crate) fn reason(&self) -> String {
        match &self.0.detail {
            Detail::InvalidOutput { path, problem, .. } if path != "." => {
                format!("{path}: {problem}")
            }
            Detail::InvalidOutput { problem, .. } => problem.clone(),
            _ => self.to_string(),
        }
    }

    /// What a model lacks that was asked for, under the server's name for it; `None` where that is no
    /// word of the server's, or the error is another.
    pub(crate) fn missing_capability(&self) -> Option<&'static str> {
        match &self.0.detail {
            Detail::Capability { missing, .. } => match missing.as_str() {
                "images" => Some("vision"),
                "thinking" => Some("thinking"),
                "tools" => Some("tools"),
                _ => None,
            },
            _ => None,
        }
    }

    /// Adds the installed models that can do what this one cannot.
    pub(crate) fn with_able(mut self, names: &[String]) -> Self {
        if let Detail::Capability { able, .. } = &mut self.0.detail {
            *able = detail::shown_names(names.iter());
        }
        self
    }

    /// Adds what is installed to an error that says a model is not, and whether the attribute names it.
    pub(crate) fn with_installed(mut self, names: &[String], is_pinned: bool) -> Self {
        let missing = self.0.model.clone().unwrap_or_default();
        if let Detail::ModelNotFound { near, pinned } = &mut self.0.detail {
            *near = detail::near_names(&missing, names);
            *pinned = is_pinned;
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        report::message(&self.0, f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            report::structured(self, f)
        } else {
            report::lines(self, f)
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}
