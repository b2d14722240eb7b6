//! The kinds a program branches on.

/// What went wrong.
///
/// More kinds will come with more features: match with a `_` arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is missing or cannot be used; nothing was sent.
    Configuration,
    /// The prompt could not be made: the command's body left with `?`, or a parameter or a `.context(…)` could not
    /// be shown. Nothing was sent.
    Prompt,
    /// Nothing listens at the server's address, or no host has that name.
    Unreachable,
    /// Something listens at the address, but it is not Ollama.
    NotOllama,
    /// The server does not have the model, or there is no such model file.
    ModelNotFound,
    /// The server has the model but could not start it, or it ended while it ran; or a model file cannot be run.
    ModelLoad,
    /// The model cannot do what was asked for.
    Capability,
    /// The server has too little memory for the model.
    OutOfMemory,
    /// The server is too busy to take the request.
    Overloaded,
    /// A time limit of the command passed.
    TimedOut,
    /// The prompt is longer than the model's context.
    ContextOverflow,
    /// The server wants a key, or refused the one it got.
    Unauthorized,
    /// The server answered with an error that is none of the other kinds.
    Server,
    /// The reply is not what the protocol says.
    Protocol,
    /// The reply broke off before its end.
    Interrupted,
    /// The answer was cut by the limit of tokens.
    Truncated,
    /// The answer holds no text.
    Empty,
    /// The model would not answer, and its server keeps that apart from an answer.
    Refused,
    /// The answer is not a value of the output type, or breaks a limit of its schema or an `#[ensure]`.
    InvalidOutput,
    /// A `#[require]` or `#[ensure]` of a tool does not hold, where Rust called it. A model is told, and the
    /// command goes on.
    Contract,
    /// The model still called tools after as many turns as `max_tool_turns` allows.
    ToolLimit,
    /// A tool ended the command on purpose, with an [`Abort`](crate::Abort).
    ToolAborted,
}
