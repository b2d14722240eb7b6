//! The outcome of a finished command: its value and details about how it was produced.

use crate::endpoint::Route;
use crate::error::ErrorKind;
use crate::message::{Message, ToolResult};
use crate::output::Repair;
use crate::pipeline::{AcceptedAnswer, AnswerSource, Finished};
use crate::reply::{FinishReason, Timings, Usage};
use crate::warning::Warning;

/// The value of a command with details about how it was produced. Returned by
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
    /// The answer, parsed into the output type.
    pub value: T,
    /// The answer as the model wrote it.
    pub text: String,
    /// The thinking text, if the model wrote any.
    pub thinking: Option<String>,
    /// The conversation: history, prompt, tool turns, and the answer as the last message. Pass it to
    /// [`history`](crate::Command::history) to continue. It contains neither the system message, since each command
    /// has a different one, nor rejected answers.
    pub messages: Vec<Message>,
    /// The tokens of all answers, including rejected ones.
    pub usage: Usage,
    /// The server's timings of the last answer. Of the Chat Completions servers, llama.cpp's alone reports
    /// them, without total and load.
    pub timings: Timings,
    /// The reason why the model stopped. `None` if the server did not send one.
    pub finish_reason: Option<FinishReason>,
    /// The model's name as sent to the server.
    pub model: String,
    /// The protocol that was used, and the reason for it.
    pub route: Route,
    /// The name of the backend that answered: `real`, or that of a stand-in.
    pub backend: &'static str,
    /// `true` if the answer came from the [`Cache`](crate::Cache). `usage` is that of the answer when it was given.
    pub cached: bool,
    /// `true` if the answer came from the journal of a batch.
    pub(crate) is_from_journal: bool,
    /// The models that could not answer before this one, and why; see [`fallback`](crate::Command::fallback).
    pub fell_back: Vec<(String, ErrorKind)>,
    /// The number of answers that the model gave.
    pub attempts: u32,
    /// The number of requests that were sent: one for each answer and each tool turn, one more if a typed answer
    /// followed tools, and one for each retry after a connection was lost before the reply began or the server was
    /// busy.
    pub requests: u32,
    /// The tool calls with their results. Empty if the model called no tools.
    pub tool_results: Vec<ToolResult>,
    /// The changes that were necessary to parse the answer. Usually empty.
    pub repairs: Vec<Repair>,
    /// Problems that are not errors. Usually empty.
    pub warnings: Vec<Warning>,
}

/// Details about a streamed answer that has ended. Returned by
/// [`TextStream::summary`](crate::TextStream::summary).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Summary {
    /// The complete text.
    pub text: String,
    /// The thinking text, if the model wrote any.
    pub thinking: Option<String>,
    /// The conversation: history, prompt, and the answer as the last message. Pass it to
    /// [`history`](crate::Command::history) to continue.
    pub messages: Vec<Message>,
    /// The tokens of the answer.
    pub usage: Usage,
    /// The server's timings. Of the Chat Completions servers, llama.cpp's alone reports them, without total and load.
    pub timings: Timings,
    /// The reason why the model stopped. `None` if the server did not send one.
    pub finish_reason: Option<FinishReason>,
    /// The model's name as sent to the server.
    pub model: String,
    /// The protocol that was used, and the reason for it.
    pub route: Route,
    /// The name of the backend that answered: `real`, or that of a stand-in.
    pub backend: &'static str,
    /// The models that could not answer before this one, and why; see [`fallback`](crate::Command::fallback).
    pub fell_back: Vec<(String, ErrorKind)>,
    /// The number of times that the request was sent: more than once if a connection was lost before the reply
    /// began, or if the server was busy.
    pub requests: u32,
    /// Problems that are not errors. Usually empty.
    pub warnings: Vec<Warning>,
}

impl<T> Outcome<T> {
    pub(crate) fn from_finished(value: T, finished: Finished) -> Self {
        let messages = finished.messages();
        let tool_results = finished.transcript.tool_results();
        let Finished {
            info,
            answer,
            fell_back,
            source,
            ..
        } = finished;
        let AcceptedAnswer {
            reply,
            counters,
            repairs,
            warnings,
        } = answer;
        Self {
            value,
            text: reply.text,
            thinking: reply.thinking,
            messages,
            usage: counters.usage,
            timings: reply.timings,
            finish_reason: reply.finish_reason,
            model: info.resolved.model.as_str().to_owned(),
            route: info.resolved.route.clone(),
            backend: info.resolved.settings.backend.value.name(),
            cached: source == AnswerSource::Cache,
            is_from_journal: source == AnswerSource::Journal,
            fell_back,
            attempts: counters.attempts,
            requests: counters.requests,
            tool_results,
            repairs,
            warnings,
        }
    }

    /// Returns the value.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }
}

impl Summary {
    pub(crate) fn from_finished(finished: Finished) -> Self {
        let messages = finished.messages();
        let Finished {
            info,
            answer,
            fell_back,
            ..
        } = finished;
        let reply = answer.reply;
        Self {
            text: reply.text,
            thinking: reply.thinking,
            messages,
            usage: answer.counters.usage,
            timings: reply.timings,
            finish_reason: reply.finish_reason,
            model: info.resolved.model.as_str().to_owned(),
            route: info.resolved.route.clone(),
            backend: info.resolved.settings.backend.value.name(),
            fell_back,
            requests: answer.counters.requests,
            warnings: answer.warnings,
        }
    }
}
