//! Everything a finished command can tell besides its value.

use crate::message::{Message, ToolResult};
use crate::output::Repair;
use crate::pipeline::{Answered, Finished, Prepared, Spent};
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

/// All that is known about a streamed answer once it has ended: see [`TextStream::summary`](crate::TextStream::summary).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Summary {
    /// The whole text.
    pub text: String,
    /// The thinking text, where the model gave one.
    pub thinking: Option<String>,
    /// The conversation: history, prompt, and the answer as its last message. It is what
    /// [`history`](crate::Command::history) takes.
    pub messages: Vec<Message>,
    /// The tokens it took.
    pub usage: Usage,
    /// Where the time went, by the server's clock; Chat Completions does not say.
    pub timings: Timings,
    /// Why the model stopped; `None` where the server did not say.
    pub finish_reason: Option<FinishReason>,
    /// The model's name as the server got it.
    pub model: String,
    /// The protocol that was spoken, and why.
    pub route: Route,
    /// How often the request was sent: more than once where a connection was lost before the reply began, or
    /// the server was busy.
    pub sends: u32,
    /// What went otherwise than it was asked for: nothing, usually.
    pub warnings: Vec<Warning>,
}

impl<T> Outcome<T> {
    pub(crate) fn of(value: T, finished: Finished) -> Self {
        let messages = finished.messages();
        let tool_results = finished.prepared.talk.results();
        let Answered {
            reply,
            spent,
            repairs,
        } = finished.answered;
        let Spent {
            attempts,
            usage,
            sends,
            ..
        } = spent;
        let Prepared {
            target, warnings, ..
        } = finished.prepared;
        Self {
            value,
            text: reply.text,
            thinking: reply.thinking,
            messages,
            usage,
            timings: reply.timings,
            finish_reason: reply.finish_reason,
            model: target.model.as_str().to_owned(),
            route: target.route.clone(),
            attempts,
            sends,
            tool_results,
            repairs,
            warnings,
        }
    }

    /// The value alone.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }
}

impl Summary {
    pub(crate) fn of(finished: Finished) -> Self {
        // A stream has one answer, as it came, and no tools.
        let Outcome {
            value: (),
            text,
            thinking,
            messages,
            usage,
            timings,
            finish_reason,
            model,
            route,
            attempts: _,
            sends,
            tool_results: _,
            repairs: _,
            warnings,
        } = Outcome::of((), finished);
        Self {
            text,
            thinking,
            messages,
            usage,
            timings,
            finish_reason,
            model,
            route,
            sends,
            warnings,
        }
    }
}
