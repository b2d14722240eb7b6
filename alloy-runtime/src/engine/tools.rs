//! A turn of tool calls: run side by side, told in order.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::task::{JoinHandle, spawn_blocking};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::converse::{Spent, Talk};
use super::line::Line;
use super::prepare::Prepared;
use super::send;
use crate::error::{Detail, Error, excerpt};
use crate::global;
use crate::message::ToolCall;
use crate::reply::Reply;
use crate::request::Request;
use crate::tool::{Progress, Told, Tool, ToolStatus, Toolset, panicked};

/// How many tools run at a time where no setting says it.
const AT_A_TIME: u32 = 8;
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
    talk: &mut Talk,
    mut reply: Reply,
) -> Result<Reply, Error> {
    while let Some(toolset) = prepared.toolset.clone().filter(|_| !reply.calls.is_empty()) {
        spent.read(&reply);
        prepared.record_answer(&Span::current(), &reply);
        let limit = line.settings().max_tool_turns.as_ref();
        if limit.is_some_and(|limit| spent.tool_turns >= limit.value) {
            return Err(spent.told(beyond_limit(spent.tool_turns, talk, &reply)));
        }
        spent.tool_turns += 1;
        tracing::debug!(
            turn = spent.tool_turns,
            calls = reply.calls.len(),
            "calling tools"
        );
        let turn = Turn {
            toolset: &toolset,
            records: prepared.records_content(),
        };
        let told = turn.run(line, request, &reply.calls).await;
        let told = told.map_err(|error| spent.told(error))?;
        talk.add(spent.tool_turns, reply, told);
        prepared.body = prepared.body(request, talk.said(), &mut Vec::new());
        let body = &prepared.body;
        reply = send::repeatedly(line, spent, true, || line.chat(body)).await?;
    }
    prepared.toolset = None;
    Ok(reply)
}

/// One turn of calls.
struct Turn<'a> {
    toolset: &'a Toolset,
    /// Whether arguments and results are recorded in the trace.
    records: bool,
}

impl Turn<'_> {
    /// Runs the calls, side by side.
    async fn run(
        &self,
        line: &Line,
        request: &Request,
        calls: &[ToolCall],
    ) -> Result<Vec<(ToolStatus, String)>, Error> {
        let at_a_time = line.settings().parallel_tools_max.as_ref();
        let at_a_time = at_a_time.map_or(AT_A_TIME, |set| set.value);
        let calls = calls.iter().map(|call| Box::pin(self.call(call)));
        let results = side_by_side(calls.collect(), at_a_time as usize);
        let results = async {
            match &request.scope {
                // What a tool asks of a model has the settings that its command has.
                Some(scope) => global::scoped(Arc::clone(scope), results).await,
                None => results.await,
            }
        };
        line.deadline.hold(pin!(results)).await
    }

    /// Runs one call; gives how it went, and what the model is told.
    async fn call(&self, call: &ToolCall) -> Result<(ToolStatus, String), Error> {
        let span = tracing::info_span!(
            "execute_tool",
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = excerpt(&call.name),
            gen_ai.tool.call.id = call.id.as_deref(),
            gen_ai.tool.call.arguments = Empty,
            gen_ai.tool.call.result = Empty,
            error.r#type = Empty,
        );
        let (status, content) = match self.toolset.find(&call.name) {
            None => (ToolStatus::Unknown, self.toolset.unknown(&call.name)),
            Some(tool) => match told(tool, call).instrument(span.clone()).await.0 {
                Ok(content) => (ToolStatus::Done, content),
                Err(failure) => {
                    let name = tool.definition().name();
                    failure.into_words(name).map_err(|source| {
                        let tool = name.to_owned();
                        Error::new(Detail::ToolAborted { tool }).with_source(source)
                    })?
                }
            },
        };
        if status != ToolStatus::Done {
            span.record("error.type", tracing::field::debug(status));
        }
        if self.records && !span.is_disabled() {
            span.record("gen_ai.tool.call.arguments", call.arguments.to_string());
            span.record("gen_ai.tool.call.result", content.as_str());
        }
        Ok((status, content))
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

/// What a tool says to a call. One that may block does so on a thread for that, and is not waited for once its
/// command is gone.
async fn told(tool: &Tool, call: &ToolCall) -> Told {
    let progress = match tool.is_async() {
        true => unwinding(|| tool.call(&call.arguments)),
        false => {
            let (tool, arguments) = (tool.clone(), call.arguments.clone());
            let span = Span::current();
            let begun = spawn_blocking(move || span.in_scope(|| tool.call(&arguments)));
            match Waiting(begun).await {
                Ok(progress) => Ok(progress),
                Err(failed) => Err(match failed.try_into_panic() {
                    Ok(payload) => Told(Err(panicked(&*payload))),
                    Err(cancelled) => Told::error(cancelled),
                }),
            }
        }
    };
    match progress {
        Err(told) | Ok(Progress::Done(told)) => told,
        Ok(Progress::Running(running)) => Guarded(running).await,
    }
}

/// Runs a piece of a tool; a panic in it is told.
fn unwinding<T>(run: impl FnOnce() -> T) -> Result<T, Told> {
    // What a panic leaves half done is the tool's own; nothing of it is looked at again.
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| Told(Err(panicked(&*payload))))
}

/// A tool on a thread of its own. One that has not begun when this is dropped never does.
struct Waiting<T>(JoinHandle<T>);

impl<T> Future for Waiting<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for Waiting<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An async tool; a panic in it is told.
struct Guarded(Pin<Box<dyn Future<Output = Told> + Send>>);

impl Future for Guarded {
    type Output = Told;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Told> {
        unwinding(|| self.0.as_mut().poll(context)).unwrap_or_else(Poll::Ready)
    }
}

/// A future on its way to its result.
enum Slot<F, T> {
    At(Pin<Box<F>>),
    Over(Option<T>),
}

/// Runs futures, so many at a time, and gives their results in their order; the first error ends all.
async fn side_by_side<T, F>(futures: Vec<Pin<Box<F>>>, at_a_time: usize) -> Result<Vec<T>, Error>
where
    F: Future<Output = Result<T, Error>>,
    T: Unpin,
{
    let mut slots: Vec<Slot<F, T>> = futures.into_iter().map(Slot::At).collect();
    std::future::poll_fn(|context| {
        let mut running = 0;
        for slot in &mut slots {
            let Slot::At(future) = slot else { continue };
            if running == at_a_time {
                break;
            }
            match future.as_mut().poll(context)? {
                Poll::Pending => running += 1,
                Poll::Ready(value) => *slot = Slot::Over(Some(value)),
            }
        }
        if running > 0 {
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
