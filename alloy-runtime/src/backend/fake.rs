//! The backend that makes up a valid answer for each request.
//!
//! The answer follows from the seed, the command and the body. `value` writes it from the schema of the output type,
//! and the reader of answers checks it. The follow-up of a rejected answer has another body, and so another answer.

mod height;
mod number;
mod pattern;
mod random;
#[cfg(test)]
mod tests;
mod text;
mod value;

use futures_util::stream;
use serde_json::{Map, Value};

use self::random::Random;
use self::text::FreeText;
use self::value::{NoValue, Preference};
use super::exchange::{
    BackendReply, CallInfo, EncodedRequest, Exchange, Inquiry, Inspection, Operation, StreamedReply,
};
use super::portable::portable_body;
use crate::endpoint::Endpoint;
use crate::error::{ConnectionError, Error};
use crate::message::ToolCall;
use crate::output::{Content, Repair, TypedSpec};
use crate::reply::{FinishReason, Reply, ReplyEvent, Usage};
use crate::schema::{Schema, Shape, ShapeKind};
use crate::tool::Tool;

/// Number of values that are tried for an answer.
const MAX_ATTEMPTS: u64 = 50;
/// Number of values that are tried for an answer that must satisfy an `#[ensure]`.
const MAX_ATTEMPTS_WITH_CONDITIONS: u64 = 200;
/// Number of attempts that use the examples and defaults of the schema.
const ATTEMPTS_WITH_HINTS: u64 = 20;
/// Number of bytes that count as one token in the usage.
const BYTES_PER_TOKEN: usize = 4;

/// Makes up a valid answer for each request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FakeBackend {
    pub(crate) seed: u64,
    /// `true` if the first reply calls each offered tool once.
    pub(crate) calls_tools: bool,
}

impl Exchange for FakeBackend {
    fn send(&self, request: EncodedRequest) -> Operation<'_, BackendReply> {
        Box::pin(async move { Ok(BackendReply::Decoded(Box::new(self.reply(&request)?))) })
    }

    fn stream(&self, request: EncodedRequest) -> Operation<'_, StreamedReply> {
        Box::pin(async move {
            let reply = self.reply(&request)?;
            let mut chunks: Vec<String> = Vec::new();
            for (number, word) in reply.text.split_inclusive(' ').enumerate() {
                match chunks.last_mut() {
                    Some(chunk) if number % 3 != 0 => chunk.push_str(word),
                    _ => chunks.push(word.to_owned()),
                }
            }
            let events = chunks.into_iter().map(ReplyEvent::Delta);
            let events = events.chain([ReplyEvent::Done(Box::new(reply))]).map(Ok);
            let events = stream::iter(events.collect::<Vec<_>>());
            Ok(StreamedReply::Events(Box::pin(events)))
        })
    }

    fn inspect<'a>(
        &'a self,
        _endpoint: &'a Endpoint,
        inquiry: Inquiry<'a>,
    ) -> Operation<'a, Inspection> {
        Box::pin(async move { Ok(Inspection::of_stand_in(inquiry)) })
    }
}

impl FakeBackend {
    fn reply(&self, request: &EncodedRequest) -> Result<Reply, Error> {
        let protocol = request.info.resolved.endpoint.protocol();
        let body = portable_body(protocol, &request.body);
        let portable = body.to_string();
        let command = request.info.command;
        let mut random = Random::for_texts(self.seed, &[command.as_bytes(), portable.as_bytes()]);
        let mut reply = Reply {
            finish_reason: Some(FinishReason::Stop),
            ..Reply::default()
        };
        let tools = match self.calls_tools && !has_tool_results(&body) {
            true => offered_tools(request, &body),
            false => Vec::new(),
        };
        if tools.is_empty() {
            let problem = |problem: String| unanswered(command, &problem);
            let text = answer(&request.info, is_follow_up(&body), &mut random);
            reply.text = text.map_err(problem)?;
        } else {
            let calls = tools.into_iter().map(|tool| tool_call(tool, &mut random));
            let calls: Result<_, String> = calls.collect();
            reply.calls = calls.map_err(|problem| unanswered(command, &problem))?;
            reply.finish_reason = Some(FinishReason::ToolCalls);
        }
        let tokens = |bytes: usize| u64::try_from(bytes.div_ceil(BYTES_PER_TOKEN)).ok();
        let called = reply.calls.iter();
        let called = called.map(|call| call.name.len() + call.arguments.to_string().len());
        reply.usage = Usage::new(
            tokens(portable.len()),
            tokens(reply.text.len() + called.sum::<usize>()),
        );
        Ok(reply)
    }
}

/// Returns the messages of a body after the last one that the user wrote.
fn messages_since_prompt(body: &Value) -> impl Iterator<Item = &Value> {
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let messages = messages.iter().rev();
    messages.take_while(|message| message["role"] != "user")
}

/// Returns `true` if tools were called for the prompt.
fn has_tool_results(body: &Value) -> bool {
    messages_since_prompt(body).any(|message| message["role"] == "tool")
}

/// Returns `true` if a request may follow a rejected answer: there is an answer before it. A continued conversation has
/// one too.
fn is_follow_up(body: &Value) -> bool {
    let messages = body["messages"].as_array().into_iter().flatten();
    let mut answers = messages.filter(|message| message["role"] == "assistant");
    answers.any(|answer| answer["tool_calls"].as_array().is_none_or(Vec::is_empty))
}

/// Returns the tools that a request offers.
fn offered_tools<'a>(request: &'a EncodedRequest, body: &Value) -> Vec<&'a Tool> {
    let Some(toolset) = request.info.toolset.as_deref() else {
        return Vec::new();
    };
    let offered = body["tools"].as_array().into_iter().flatten();
    let names = offered.filter_map(|tool| tool["function"]["name"].as_str());
    names.filter_map(|name| toolset.find(name)).collect()
}

/// Makes up the text of an answer, and reads it as the command will.
///
/// The first answer that is read unchanged is taken, or else the first one that needs a repair.
///
/// # Errors
///
/// No valid answer was found. The message names the field, or the condition that the last one breaks.
fn answer(info: &CallInfo, is_follow_up: bool, random: &mut Random) -> Result<String, String> {
    let mut repaired = None;
    let mut failures = Failures::default();
    let max = match info.conditions {
        Some(_) => MAX_ATTEMPTS_WITH_CONDITIONS,
        None => MAX_ATTEMPTS,
    };
    for attempt in 0..max {
        if attempt == MAX_ATTEMPTS && failures.is_only_unwritten() {
            break;
        }
        let text = match &info.output.content {
            Content::Text | Content::Ignored => text::sentences(random),
            Content::Json(typed) => {
                let random = &mut Random::new(random.next());
                match typed_answer(typed, failures.preference(attempt, is_follow_up), random) {
                    Ok(text) => text,
                    Err(no_value) => {
                        failures.add_unwritten(no_value);
                        continue;
                    }
                }
            }
        };
        match check(info, &text) {
            Ok(repairs) if repairs.is_empty() => return Ok(text),
            Ok(_) => {
                repaired.get_or_insert(text);
            }
            Err(error) => failures.add_rejected(error.reason()),
        }
    }
    repaired.ok_or_else(|| {
        let (name, problem) = (&info.output.type_name, failures.problem());
        format!("no valid `{name}` was found: {problem}")
    })
}

/// Makes up the text of a typed answer.
fn typed_answer(
    typed: &TypedSpec,
    preference: Preference,
    random: &mut Random,
) -> Result<String, NoValue> {
    let value = value::write(typed.schema(), typed.value_shape(), preference, random)?;
    Ok(typed.answer(&value).to_string())
}

/// Reads an answer as the command will, and returns the repairs that it needed.
fn check(info: &CallInfo, text: &str) -> Result<Vec<Repair>, Error> {
    match (&info.conditions, info.output.check) {
        (Some(conditions), _) => conditions.check(text, info.output),
        (None, Some(check)) => check(text, info.output),
        (None, None) => Ok(Vec::new()),
    }
}

/// The attempts of a search that gave no value.
#[derive(Default)]
struct Failures {
    /// The first part that could not be written.
    unwritten: Option<String>,
    rejected: u64,
    /// The reason of the last rejection.
    rejection: String,
}

impl Failures {
    /// Returns the preference of the next attempt. An example or a default that was rejected is not the only value that
    /// follows, and a part that could not be written may not be needed.
    fn preference(&self, attempt: u64, is_follow_up: bool) -> Preference {
        match attempt {
            _ if self.unwritten.is_some() && attempt % 4 == 3 => Preference::Smallest,
            0 if !is_follow_up => Preference::Hints,
            0..ATTEMPTS_WITH_HINTS => Preference::Mixed,
            // A condition may need the words or the examples, which the variations do not have.
            MAX_ATTEMPTS.. if attempt.is_multiple_of(2) => Preference::Mixed,
            _ => {
                let number = usize::try_from(attempt - ATTEMPTS_WITH_HINTS).unwrap_or(0);
                Preference::Varied(FreeText::variation(number))
            }
        }
    }

    /// Counts an attempt in which a part could not be written. Another attempt may do without the part.
    fn add_unwritten(&mut self, NoValue { path, problem }: NoValue) {
        self.unwritten.get_or_insert_with(|| match path.as_str() {
            "" => problem,
            path => format!("{path}: {problem}"),
        });
    }

    fn add_rejected(&mut self, reason: String) {
        self.rejected += 1;
        self.rejection = reason;
    }

    /// Returns `true` if more attempts hardly help: a part could not be written, and no value was rejected.
    fn is_only_unwritten(&self) -> bool {
        self.unwritten.is_some() && self.rejected == 0
    }

    /// Describes the search. A value that was rejected says more than a part that could not be written.
    fn problem(self) -> String {
        let Self {
            unwritten,
            rejected,
            rejection,
        } = self;
        match unwritten {
            Some(unwritten) if rejected == 0 => unwritten,
            _ => format!("{rejected} were rejected; the last one: {rejection}"),
        }
    }
}

/// Makes up a call of a tool, with arguments that its schema accepts.
fn tool_call(tool: &Tool, random: &mut Random) -> Result<ToolCall, String> {
    let definition = tool.definition();
    let (name, spec) = (definition.name(), definition.arguments());
    let mut failures = Failures::default();
    for attempt in 0..MAX_ATTEMPTS {
        let random = &mut Random::new(random.next());
        let schema = spec.schema();
        let arguments = match is_object(schema, &schema.root) {
            true => {
                let preference = failures.preference(attempt, false);
                value::write(schema, &schema.root, preference, random)
            }
            false => Ok(Value::Object(Map::new())),
        };
        let arguments = match arguments {
            Ok(arguments) => arguments,
            Err(no_value) => {
                failures.add_unwritten(no_value);
                continue;
            }
        };
        match spec.read(&arguments, &|read| Ok(read.clone())) {
            Ok(_) => {
                return Ok(ToolCall {
                    id: None,
                    name: name.to_owned(),
                    arguments,
                });
            }
            Err(reason) => failures.add_rejected(reason),
        }
    }
    let problem = failures.problem();
    Err(format!(
        "no valid call of the tool `{name}` was found: {problem}"
    ))
}

/// Returns `true` if the arguments of a tool have names. Otherwise there are none.
fn is_object(schema: &Schema, arguments: &Shape) -> bool {
    matches!(schema.resolve(arguments).kind, ShapeKind::Object { .. })
}

fn unanswered(command: &str, problem: &str) -> Error {
    Error::new(ConnectionError::Unanswered {
        message: format!("the fake has no answer for `{command}`: {problem}"),
        help: format!(
            "Write the answer in the test, in place of the fake or next to it: `Script::new().on({command:?}, |replies| replies.answer(&…))`."
        ),
    })
}
