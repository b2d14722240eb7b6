//! Runs the tool calls of one reply.

use std::pin::pin;

use futures_util::stream::{self, StreamExt as _};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::active_call::ActiveCall;
use super::counters::Counters;
use super::trace::records_content;
use super::transcript::Transcript;
use crate::error::{Error, ToolCallError, excerpt};
use crate::global;
use crate::message::{ToolCall, ToolStatus};
use crate::reply::{FinishReason, Reply};
use crate::tool::{Tool, ToolFailure, ToolMessage, Toolset};

/// Maximum depth of commands in the tools of commands.
const MAX_DEPTH: u32 = 16;
/// Maximum number of names in an error.
const MAX_NAMES: usize = 3;

/// Runs the tool calls of a reply, and appends the turn to the transcript.
///
/// # Errors
///
/// The reply is truncated, the limit of turns is reached, the deadline has passed, or a tool ended the command.
pub(super) async fn run_turn(
    call: &ActiveCall,
    transcript: &mut Transcript,
    counters: &mut Counters,
    reply: Reply,
) -> Result<(), Error> {
    if reply.finish_reason == Some(FinishReason::Length) {
        // The server may have completed what was cut: it must not be acted upon.
        return Err(Error::truncated(&reply));
    }
    if counters.tool_turns >= call.settings().max_tool_turns.value {
        return Err(turn_limit(counters.tool_turns, transcript, &reply));
    }
    counters.tool_turns += 1;
    let (turn, calls) = (counters.tool_turns, reply.calls.len());
    tracing::debug!(turn, calls, "calling tools");
    let results = run_calls(call, &reply.calls).await?;
    transcript.push_tool_turn(turn, reply, results);
    Ok(())
}

/// Runs calls concurrently, and returns their results in order. The first error ends all.
async fn run_calls(
    call: &ActiveCall,
    calls: &[ToolCall],
) -> Result<Vec<(ToolStatus, String)>, Error> {
    let at_a_time = call.settings().parallel_tools_max.value as usize;
    let results = async {
        let running = calls
            .iter()
            .map(|tool_call| Box::pin(run_call(call, tool_call)));
        let running: Vec<_> = running.collect();
        let mut running = stream::iter(running).buffered(at_a_time);
        let mut results = Vec::with_capacity(calls.len());
        while let Some(result) = running.next().await {
            results.push(result?);
            // Tools that never wait would keep the deadline, and other tasks, from their turn.
            tokio::task::yield_now().await;
        }
        Ok(results)
    };
    let results = global::in_tools(
        call.request.scope.clone(),
        call.request.usage.clone(),
        results,
    );
    call.deadline().run(pin!(results)).await
}

async fn run_call(call: &ActiveCall, tool_call: &ToolCall) -> Result<(ToolStatus, String), Error> {
    let endpoint = &call.info.resolved.endpoint;
    let span = tracing::info_span!(
        "execute_tool",
        gen_ai.operation.name = "execute_tool",
        gen_ai.tool.name = endpoint.display_text(&tool_call.name),
        gen_ai.tool.call.id = tool_call.id.as_deref().map(|id| endpoint.display_text(id)),
        gen_ai.tool.call.arguments = Empty,
        gen_ai.tool.call.result = Empty,
        error.r#type = Empty,
    );
    let message = message(call.info.toolset.as_deref(), tool_call)
        .instrument(span.clone())
        .await;
    let records = records_content(call.settings());
    if records && !span.is_disabled() {
        let arguments = tool_call.arguments.to_string();
        span.record("gen_ai.tool.call.arguments", arguments);
    }
    let (status, content) = message.map_err(|source| {
        span.record("error.type", "Abort");
        let tool = tool_call.name.clone();
        Error::new(ToolCallError::Aborted { tool }).with_source(source)
    })?;
    if status != ToolStatus::Succeeded {
        span.record("error.type", tracing::field::debug(status));
    }
    if records {
        span.record("gen_ai.tool.call.result", content.as_str());
    }
    Ok((status, content))
}

/// Runs one call, and returns the message for the model.
async fn message(toolset: Option<&Toolset>, call: &ToolCall) -> ToolMessage {
    let Some(toolset) = toolset else {
        // NOTE: Calls are run only while tools are offered.
        return Ok((ToolStatus::UnknownTool, String::new()));
    };
    match toolset.find(&call.name) {
        None => Ok((ToolStatus::UnknownTool, toolset.unknown(&call.name))),
        // Each level is polled inside the one above it, on one stack.
        Some(_) if global::depth() > MAX_DEPTH => {
            let text = "The tool failed: commands call each other too deeply.";
            Ok((ToolStatus::Failed, text.to_owned()))
        }
        Some(tool) => run_tool(tool, call).await,
    }
}

/// Runs a tool. A synchronous one may block, so it runs on its own thread, which nobody waits for once the command is
/// dropped.
async fn run_tool(tool: &Tool, call: &ToolCall) -> ToolMessage {
    let run = match tool.is_async() {
        true => tool.call(&call.arguments),
        false => {
            let (tool, arguments) = (tool.clone(), call.arguments.clone());
            let span = Span::current();
            let thread = global::spawn_thread(move || span.in_scope(|| tool.call(&arguments)));
            match thread {
                Err(error) => return ToolFailure::Failed(error.into()).into_message(),
                // NOTE: Panics of a tool are caught where it is called, so the thread always answers.
                Ok(result) => match result.await {
                    Ok(run) => run,
                    Err(lost) => return ToolFailure::Failed(lost.into()).into_message(),
                },
            }
        }
    };
    run.finish().await
}

fn turn_limit(turns: u32, transcript: &Transcript, reply: &Reply) -> Error {
    let called = called_names(&reply.calls);
    let error = Error::new(ToolCallError::ToolTurnLimit { turns, called });
    match transcript.last_text(reply) {
        "" => error,
        text => error.with_partial_text(text.to_owned()),
    }
}

/// Returns the first few names that a model called, each once.
fn called_names(calls: &[ToolCall]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for call in calls {
        let name = excerpt(&call.name);
        if names.len() < MAX_NAMES && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
