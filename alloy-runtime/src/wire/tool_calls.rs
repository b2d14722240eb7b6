//! Tool calls in replies and requests, in both of Ollama's protocols.

mod call_parts;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

pub(crate) use self::call_parts::CallParts;
use super::lenient::absent_for;
use crate::message::ToolCall;
use crate::output::{JsonWithDuplicates, fenced};

/// Maximum number of calls in a reply. No model makes more.
const MAX_CALLS: usize = 128;

/// Maximum nesting of arguments that come as text. A conversation stored with them must be readable again, and JSON
/// parsers stop at 128 levels.
const MAX_DEPTH: usize = 100;

/// Maximum depth of arguments that are an object. `serde_json` parses no deeper, except for the text in an object with
/// the reserved key of its `RawValue`.
const MAX_PARSED_DEPTH: usize = 128;

/// Maximum number of values in arguments. Each takes some dozens of bytes in every copy of the conversation. As text,
/// arguments take only their length.
const MAX_VALUES: usize = 64 * 1024;

/// The tool calls of a reply. A list, or one call; anything else counts as none, and an item that is not an object as a
/// call without a name: a server that was given no tools can have anything there.
#[derive(Debug, Default)]
pub(super) struct WireToolCalls(Vec<WireToolCall>);

/// One call, or a part of one. The pipeline reports missing parts to the model; they do not make the reply invalid.
#[derive(Debug, Default)]
struct WireToolCall {
    id: Option<String>,
    /// Position among the calls. The parts of a streamed call have the same one.
    index: Option<u64>,
    name: String,
    /// An object; in Chat Completions, the text of one.
    arguments: Value,
}

impl WireToolCalls {
    /// Adds the calls of an object of the reply. In a stream, each may be a part of one that was begun: with its index, with
    /// its id, or without a name.
    pub(super) fn extend(&mut self, calls: Self) {
        let begun = self.0.len();
        for call in calls.0 {
            match Self::continued(&mut self.0[..begun], &call) {
                Some(begun) => begun.append(call),
                None => self.0.push(call),
            }
        }
    }

    /// Returns the call that a part continues.
    fn continued<'a>(
        begun: &'a mut [WireToolCall],
        part: &WireToolCall,
    ) -> Option<&'a mut WireToolCall> {
        let mut calls = begun.iter_mut().rev();
        match (part.index, &part.id) {
            // Some servers give all calls the same index.
            (Some(_), _) => {
                calls.find(|call| call.index == part.index && call.is_continued_by(part))
            }
            (None, Some(_)) => calls.find(|call| call.id == part.id),
            (None, None) if part.name.is_empty() => calls.next(),
            (None, None) => None,
        }
    }

    /// Returns the calls in the model's order.
    ///
    /// A call that a server sent twice, with its id, is one call. An id that another call has already is dropped: the results
    /// of both would answer the same call.
    pub(super) fn into_calls(self) -> Vec<ToolCall> {
        let mut calls: Vec<ToolCall> = Vec::with_capacity(self.0.len());
        for call in self.0 {
            let mut call = ToolCall::from(call);
            if call.id.is_some() && calls.contains(&call) {
                continue;
            }
            if calls.iter().any(|known| known.id == call.id) {
                call.id = None;
            }
            calls.push(call);
        }
        calls
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the only call of an object `{"name": …, "arguments": …}`, as an older field of Chat Completions has it.
    pub(super) fn of_function(function: Value) -> Self {
        match function {
            function @ Value::Object(_) => Self(vec![function.into()]),
            _ => Self::default(),
        }
    }
}

impl WireToolCall {
    /// Returns `true` if a part with the same index continues this call, and is not another one.
    fn is_continued_by(&self, part: &Self) -> bool {
        let has_other_id = self.id.is_some() && part.id.is_some() && self.id != part.id;
        let is_begun = is_empty(&self.arguments);
        !has_other_id
            && (part.name.is_empty()
                || self.id.is_some() && self.id == part.id
                || is_begun
                || part.name == self.name && !is_complete(&self.arguments))
    }

    /// Appends a part.
    fn append(&mut self, part: Self) {
        if part.name != self.name {
            self.name += &part.name;
        }
        self.id = self.id.take().or(part.id);
        match (&mut self.arguments, part.arguments) {
            (Value::String(text), Value::String(more)) => append_arguments(text, more),
            (Value::Object(fields), Value::Object(more)) => fields.extend(more),
            (_, more) if is_empty(&more) => {}
            (arguments, more) => *arguments = more,
        }
    }
}

/// Appends a part of the text of arguments. Some servers repeat in each part what came before it.
fn append_arguments(text: &mut String, more: String) {
    let repeats = text.len() > 1 && more.starts_with(text.as_str());
    match repeats && serde_json::from_str::<IgnoredAny>(&more).is_ok() {
        true => *text = more,
        false => text.push_str(&more),
    }
}

/// Returns `true` if nothing of some arguments is missing.
fn is_complete(arguments: &Value) -> bool {
    match arguments {
        Value::String(text) => serde_json::from_str::<IgnoredAny>(text).is_ok(),
        _ => true,
    }
}

impl<'de> Deserialize<'de> for WireToolCalls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CallsVisitor;
        impl<'de> Visitor<'de> for CallsVisitor {
            type Value = WireToolCalls;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of tool calls")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<WireToolCalls, A::Error> {
                let mut calls = Vec::new();
                while let Some(call) = items.next_element::<Value>()? {
                    if calls.len() == MAX_CALLS {
                        let message = format!("more than {MAX_CALLS} tool calls");
                        return Err(A::Error::custom(message));
                    }
                    calls.push(call.into());
                }
                Ok(WireToolCalls(calls))
            }

            fn visit_map<A: MapAccess<'de>>(self, call: A) -> Result<WireToolCalls, A::Error> {
                let call = Map::deserialize(MapAccessDeserializer::new(call))?;
                Ok(WireToolCalls::of_function(Value::Object(call)))
            }

            absent_for!(unit, bool, number, text);
        }
        deserializer.deserialize_any(CallsVisitor)
    }
}

impl From<Value> for WireToolCall {
    fn from(call: Value) -> Self {
        let Value::Object(mut call) = call else {
            return Self::default();
        };
        let id = text(call.remove("id"));
        let index = call.get("index").and_then(|index| match index {
            Value::String(text) => text.trim().parse().ok(),
            index => index.as_u64(),
        });
        let CallParts {
            name, arguments, ..
        } = CallParts::take_from(call);
        Self {
            id: (!id.is_empty()).then_some(id),
            index,
            name,
            arguments: arguments.unwrap_or_default(),
        }
    }
}

/// Returns the text, or an empty one if the value is no text.
fn text(value: Option<Value>) -> String {
    match value {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// Returns `true` if arguments are missing, or have no fields.
fn is_empty(arguments: &Value) -> bool {
    match arguments {
        Value::Null => true,
        Value::String(text) => matches!(text.trim(), "" | "{}" | "[]" | "null"),
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

impl From<WireToolCall> for ToolCall {
    fn from(call: WireToolCall) -> Self {
        Self {
            id: call.id,
            name: call.name,
            arguments: parse_arguments(call.arguments),
        }
    }
}

/// Parses the arguments of a call: an object, or the text of one, which may be encoded twice. Text that is not valid
/// JSON stays as it is: the tool's message reports it to the model.
pub(crate) fn parse_arguments(arguments: Value) -> Value {
    match arguments {
        arguments if is_empty(&arguments) => Value::Object(Map::new()),
        Value::String(text) => match parse_text(&text) {
            Some(Value::Null) => Value::Object(Map::new()),
            Some(Value::String(inner)) => parse_text(&inner)
                .filter(|inner| !inner.is_string())
                .unwrap_or(Value::String(text)),
            Some(arguments) => arguments,
            None => Value::String(text),
        },
        arguments if depth(&arguments) <= MAX_PARSED_DEPTH && is_small(&arguments) => arguments,
        arguments => Value::String(arguments.to_string()),
    }
}

fn parse_text(text: &str) -> Option<Value> {
    let json = serde_json::from_str(fenced(text).unwrap_or(text)).ok()?;
    let JsonWithDuplicates {
        value: arguments,
        duplicates: false,
    } = json
    else {
        // One of two values was meant, and nothing says which.
        return None;
    };
    (depth(&arguments) <= MAX_DEPTH && is_small(&arguments)).then_some(arguments)
}

/// Returns `true` if a value has at most [`MAX_VALUES`] parts.
fn is_small(value: &Value) -> bool {
    fn count(value: &Value, left: &mut usize) {
        *left = left.saturating_sub(1);
        match value {
            Value::Array(items) if *left > 0 => items.iter().for_each(|item| count(item, left)),
            Value::Object(fields) if *left > 0 => {
                fields.values().for_each(|field| count(field, left));
            }
            _ => {}
        }
    }
    let mut left = MAX_VALUES;
    count(value, &mut left);
    left > 0
}

/// Returns the nesting depth of a value.
fn depth(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => fields.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// Arguments of a call that is sent back to the server: always an object, since servers reject anything else. Invalid
/// arguments are sent as `{}`; the tool's message tells the model what was wrong.
#[derive(Clone, Copy)]
pub(super) struct CallArguments<'a>(Option<&'a Value>);

impl<'a> CallArguments<'a> {
    pub(super) fn new(call: &'a ToolCall) -> Self {
        Self(Some(&call.arguments).filter(|arguments| arguments.is_object()))
    }
}

impl Serialize for CallArguments<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(arguments) => arguments.serialize(serializer),
            None => Map::new().serialize(serializer),
        }
    }
}

/// Writes the JSON.
impl fmt::Display for CallArguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(arguments) => fmt::Display::fmt(arguments, f),
            None => f.write_str("{}"),
        }
    }
}
