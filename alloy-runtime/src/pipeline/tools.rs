//! A turn of tool calls: run side by side, told in order.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;

use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::converse::Spent;
use super::line::Line;
use super::prepare::Prepared;
use super::send;
use super::talk::Talk;
use crate::error::{Detail, Error, excerpt};
use crate::global;
use crate::message::{ToolCall, ToolStatus};
use crate::reply::{FinishReason, Reply};
use crate::request::Request;
use crate::tool::{Called, Failure, Tool, Toolset, Words};

/// How many tools run at a time where no setting says it.
const AT_A_TIME: u32 = 8;
/// How deep commands may stand in the tools of commands.
const DEEPEST: u32 = 16;
/// How many names an error shows.
const MOST_NAMES: usize = 3;

/// Runs the tools that a model calls, turn by turn, until it gives a text; they are not offered again.
///
/// # Errors
///
/// As many turns were taken as are allowed, the time is over, a tool ended the command, or the server failed.
pub(super) async fn until_text(
    line: &Line,
    request: &Request,
    prepared: &mut Prepared,
    spent: &mut Spent,
    mut reply: Reply,
) -> Result<Reply, Error> {
    while let Some(toolset) = prepared.toolset.clone().filter(|_| !reply.calls.is_empty()) {
        spent.read(&reply);
        prepared.record_answer(&Span::current(), &reply);
        if reply.finish_reason == Some(FinishReason::Length) {
            // What was cut may have been mended by the server: it is not to be acted upon.
            let tokens = reply.usage.completion_tokens;
            let error = Error::new(Detail::Truncated { tokens });
            return Err(spent.told(error.after_text(reply.text)));
        }
        let limit = line.settings().max_tool_turns.as_ref();
        if limit.is_some_and(|limit| spent.tool_turns >= limit.value) {
            return Err(spent.told(beyond_limit(spent.tool_turns, &prepared.talk, &reply)));
        }
        spent.tool_turns += 1;
        tracing::debug!(
            turn = spent.tool_turns,
            calls = reply.calls.len(),
            "calling tools"
        );
        let turn = Turn {
            line,
            toolset: &toolset,
            records: prepared.records_content(),
        };
        let told = turn.run(request, &reply.calls).await;
        let told = told.map_err(|error| spent.told(error))?;
        prepared.talk.add(spent.tool_turns, reply, told);
        prepared.renew(request);
        let body = &prepared.body;
        reply = send::repeatedly(line, spent, true, || line.chat(body)).await?;
    }
    prepared.toolset = None;
    Ok(reply)
}

/// One turn of calls.
struct Turn<'a> {
    line: &'a Line,
    toolset: &'a Toolset,
    /// Whether arguments and results are recorded in the trace.
    records: bool,
}

impl Turn<'_> {
    /// Runs the calls, side by side. Gives how each went, and what the model is told.
    async fn run(
        &self,
        request: &Request,
        calls: &[ToolCall],
    ) -> Result<Vec<(ToolStatus, String)>, Error> {
        let at_a_time = self.line.settings().parallel_tools_max.as_ref();
        let at_a_time = at_a_time.map_or(AT_A_TIME, |set| set.value);
        let calls = calls.iter().map(|call| Box::pin(self.call(call)));
        let results = side_by_side(calls.collect(), at_a_time as usize);
        let results = global::in_tools(request.scope.clone(), results);
        self.line.deadline().hold(pin!(results)).await
    }

    async fn call(&self, call: &ToolCall) -> Result<(ToolStatus, String), Error> {
        let span = tracing::info_span!(
            "execute_tool",
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = self.line.shown(&call.name),
            gen_ai.tool.call.id = call.id.as_deref().map(|id| self.line.shown(id)),
            gen_ai.tool.call.arguments = Empty,
            gen_ai.tool.call.result = Empty,
            error.r#type = Empty,
        );
        let words = match self.toolset.find(&call.name) {
            None => Ok((ToolStatus::UnknownTool, self.toolset.unknown(&call.name))),
            // Each level is polled in the one above it.
            Some(_) if global::depth() > DEEPEST => {
                let told = "The tool failed: commands call each other too deeply.";
                Ok((ToolStatus::Failed, told.to_owned()))
            }
            Some(tool) => words(tool, call).instrument(span.clone()).await,
        };
        if self.records && !span.is_disabled() {
            span.record("gen_ai.tool.call.arguments", call.arguments.to_string());
        }
        let (status, content) = words.map_err(|source| {
            span.record("error.type", "Abort");
            let tool = call.name.clone();
            Error::new(Detail::ToolAborted { tool }).with_source(source)
        })?;
        if status != ToolStatus::Succeeded {
            span.record("error.type", tracing::field::debug(status));
        }
        if self.records {
            span.record("gen_ai.tool.call.result", content.as_str());
        }
        Ok((status, content))
    }
}

/// What a tool says to a call. One that may block does so on a thread for that, and is not waited for once its
/// command is gone.
async fn words(tool: &Tool, call: &ToolCall) -> Words {
    let called = match tool.is_async() {
        true => tool.call(&call.arguments),
        false => {
            let (tool, arguments) = (tool.clone(), call.arguments.clone());
            let span = Span::current();
            let begun = global::on_a_thread(move || span.in_scope(|| tool.call(&arguments)));
            let begun = begun.map_err(|error| Failure::Failed(error.into()));
            match begun {
                Err(failure) => return failure.into_words(),
                // NOTE: Panics of a tool are caught where it is called: a thread always answers.
                Ok(answer) => match answer.await {
                    Ok(called) => called,
                    Err(lost) => return Failure::Failed(lost.into()).into_words(),
                },
            }
        }
    };
    match called {
        Called::Over(words) => words,
        Called::Running(running) => running.await,
    }
}

/// The error of one turn too many.
fn beyond_limit(turns: u32, talk: &Talk, reply: &Reply) -> Error {
    let called = names(&reply.calls);
    let error = Error::new(Detail::ToolLimit { turns, called });
    match talk.last_text(reply) {
        "" => error,
        text => error.after_text(text.to_owned()),
    }
}

/// The names that a model called, each once.
fn names(calls: &[ToolCall]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for call in calls {
        let name = excerpt(&call.name);
        if names.len() < MOST_NAMES && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A future on its way to its result.
enum Slot<F, T> {
    At(Pin<Box<F>>),
    Over(Option<T>),
}

/// Runs futures, so many at a time, and gives their results in their order; the first error ends all. These few
/// lines stand for a crate of streams, which every user would build.
async fn side_by_side<T, F>(futures: Vec<Pin<Box<F>>>, at_a_time: usize) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<T, Error>>,
    T: Unpin,
{
    let mut slots: Vec<Slot<F, T>> = futures.into_iter().map(Slot::At).collect();
    std::future::poll_fn(|context| {
        let mut running = 0;
        let mut over = 0;
        for slot in &mut slots {
            let Slot::At(future) = slot else { continue };
            if running == at_a_time || over > 0 {
                break;
            }
            match future.as_mut().poll(context)? {
                Poll::Pending => running += 1,
                Poll::Ready(value) => {
                    *slot = Slot::Over(Some(value));
                    over += 1;
                }
            }
        }
        if slots.iter().any(|slot| matches!(slot, Slot::At(_))) {
            // One at a time: between two that never wait, others have their turn, and the deadline.
            if over > 0 {
                context.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        let values = slots.iter_mut().filter_map(|slot| match slot {
            Slot::Over(value) => value.take(),
            Slot::At(_) => None,
        });
        Poll::Ready(Ok(values.collect()))
    })
    .await
}
