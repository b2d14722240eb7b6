//! The calls of tools in a reply, as either protocol has them.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::json::Writer;
use crate::message::ToolCall;

/// How many calls a reply may have: more than any model makes, and few enough to be run.
const MOST_CALLS: usize = 128;

/// The calls of a reply.
#[derive(Default)]
pub(super) struct Calls(pub(super) Vec<ToolCall>);

impl<'de> Deserialize<'de> for Calls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Array(calls) if calls.len() > MOST_CALLS => Err(D::Error::custom(format_args!(
                "more than {MOST_CALLS} tool calls"
            ))),
            Value::Array(calls) => Ok(Self(calls.into_iter().map(read).collect())),
            // What is no list calls nothing: a server that was given no tools may have anything there.
            _ => Ok(Self::default()),
        }
    }
}

/// Reads a call. What is missing in it is for the model to be told, and no reason to lose the reply.
fn read(mut call: Value) -> ToolCall {
    let mut text = |pointer: &str| match call.pointer_mut(pointer).map(Value::take) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    let (id, name) = (text("/id"), text("/function/name"));
    let nothing = || Value::Object(Map::new());
    let arguments = call.pointer_mut("/function/arguments").map(Value::take);
    // An object; on Chat Completions the text of one.
    let arguments = match arguments.unwrap_or_default() {
        Value::Null => nothing(),
        Value::String(text) if text.trim().is_empty() => nothing(),
        // What is no JSON stays as it is, for the model to be told.
        Value::String(text) => match serde_json::from_str(without_fence(&text)) {
            Ok(arguments) => arguments,
            Err(_) => Value::String(text),
        },
        arguments => arguments,
    };
    ToolCall {
        id: (!id.is_empty()).then_some(id),
        name,
        arguments,
    }
}

/// What is between the marks of a code block, where a text is one and nothing else.
fn without_fence(text: &str) -> &str {
    let inside = text.trim().strip_prefix("```");
    let inside = inside.and_then(|text| text.strip_suffix("```"));
    inside.map_or(text, |text| text.strip_prefix("json").unwrap_or(text))
}

/// Writes the arguments of a call, where it is sent back: an object, since servers refuse what is none. The
/// model is told what was wrong with it in the tool's message.
pub(super) fn arguments(out: &mut Writer, call: &ToolCall) {
    match call.arguments.is_object() {
        true => out.value(&call.arguments),
        false => out.raw("{}"),
    };
}
