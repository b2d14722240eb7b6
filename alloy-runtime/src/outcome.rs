//! Everything a finished command can tell, beside its value.

use crate::message::{Message, ToolResult};
use crate::output::Repair;
use crate::reply::{FinishReason, Timings, Usage};
use crate::route::Route;
use crate::warning::Warning;

/// The value of a command with all that is known about how it came: see
/// [`Command::outcome`](crate::Command::outcome).
///
/// ```no_run
/// use alloy_runtime::command;
///
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> String;
///
/// # async fn run() -> Result<(), alloy_runtime::Error> {
/// let outcome = hello().outcome().await?;
/// println!("{:?} by {} ({})", outcome.usage, outcome.model, outcome.route);
/// let text = outcome.into_value();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome<T> {
    /// The answer, read into the output type.
    pub value: T,
    /// The answer as the model wrote it.
    pub text: String,
    /// The thinking text, where the model gave one.
    pub thinking: Option<String>,
    /// The conversation: history, prompt, the turns of tools, and the answer as its last message. It is what
    /// [`history`](crate::Command::history) takes. The system text is not in it, since each command
    /// has its own, and neither are rejected answers.
    pub messages: Vec<Message>,
    /// The tokens it took, those of rejected answers included.
    pub usage: Usage,
    /// Where the time of the last answer went, by the server's clock; Chat Completions does not say.
    pub timings: Timings,
    /// Why the model stopped; `None` where the server did not say.
    pub finish_reason: Option<FinishReason>,
    /// The model's name as the server got it.
    pub model: String,
    /// The protocol that was spoken, and why.
    pub route: Route,
    /// How many answers the model gave.
    pub attempts: u32,
    /// How often requests were sent: once an answer and a turn of tools; more often where a connection was lost
    /// before its reply began, or the server was busy, and once more where a typed answer came after tools.
    pub sends: u32,
    /// The calls of tools, and what the model was told of each; empty where there were none.
    pub tool_results: Vec<ToolResult>,
    /// What had to be done to the answer before it could be read: nothing, usually.
    pub repairs: Vec<Repair>,
    /// What went otherwise than it was asked for: nothing, usually.
    pub warnings: Vec<Warning>,
}

impl<T> Outcome<T> {
    /// The value alone.
    pub fn into_value(self) -> T {
        self.value
    }
}
