//! Tool calls in replies and requests, in both of Ollama's protocols.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::lenient::absent_for;
use crate::message::ToolCall;
use crate::output::fenced;

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
    /// Adds calls. A part without a name continues the call with its index.
    pub(super) fn extend(&mut self, calls: Self) {
        for call in calls.0 {
            let begun = self.0.last_mut();
            let begun = begun.filter(|begun| call.name.is_empty() && call.index == begun.index);
            match (begun, call.arguments) {
                (Some(begun), Value::String(more)) if call.index.is_some() => {
                    match &mut begun.arguments {
                        Value::String(text) => text.push_str(&more),
                        arguments => *arguments = Value::String(more),
                    }
                }
                (_, arguments) => self.0.push(WireToolCall { arguments, ..call }),
            }
        }
    }

    /// Returns the calls in the model's order.
    ///
    /// An id that another call has already is dropped: the results of both would answer the same call.
    pub(super) fn into_calls(self) -> Vec<ToolCall> {
        let mut ids = BTreeSet::new();
        let calls = self.0.into_iter().map(|call| {
            let id = call.id.filter(|id| ids.insert(id.clone()));
            ToolCall::from(WireToolCall { id, ..call })
        });
        calls.collect()
    }

    /// Returns the only call of an object `{"name": …, "arguments": …}`, as an older field of Chat Completions has it.
    pub(super) fn of_function(function: Value) -> Self {
        match function {
            function @ Value::Object(_) => Self(vec![function.into()]),
            _ => Self::default(),
        }
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
        let index = call.get("index").and_then(Value::as_u64);
        let CallParts { name, arguments } = CallParts::take_from(call);
        Self {
            id: (!id.is_empty()).then_some(id),
            index,
            name,
            arguments: arguments.unwrap_or_default(),
        }
    }
}

/// Keys of a call's arguments, the one of the protocols first. Models that write calls as text use the others, and some
/// servers pass them on.
const ARGUMENT_KEYS: [&str; 8] = [
    "arguments",
    "parameters",
    "args",
    "params",
    "kwargs",
    "input",
    "tool_input",
    "action_input",
];

/// Keys of a call's name, the one of the protocols first.
const NAME_KEYS: [&str; 3] = ["name", "tool_name", "tool"];

/// The parts of a call that its tool needs.
pub(crate) struct CallParts {
    /// Empty if the call has none.
    pub(crate) name: String,
    pub(crate) arguments: Option<Value>,
}

impl CallParts {
    /// Takes the parts of `{"function": {"name": …, "arguments": …}}`. The object around the function may be missing, and
    /// each part may be beside the function.
    pub(crate) fn take_from(mut call: Map<String, Value>) -> Self {
        let mut function = match call.remove("function") {
            Some(Value::Object(function)) => function,
            Some(name @ Value::String(_)) => Map::from_iter([("name".to_owned(), name)]),
            _ => Map::new(),
        };
        let name = take_name(&mut function).or_else(|| take_name(&mut call));
        let inside = take_arguments(&mut function);
        let is_found = inside.as_ref().is_some_and(|inside| !is_empty(inside));
        let beside = match is_found {
            true => None,
            false => take_arguments(&mut call),
        };
        let beside = beside.filter(|beside| inside.is_none() || !is_empty(beside));
        Self {
            name: name.unwrap_or_default().trim().to_owned(),
            arguments: beside.or(inside),
        }
    }
}

fn take_name(call: &mut Map<String, Value>) -> Option<String> {
    let mut names = NAME_KEYS.iter().map(|key| text(call.remove(*key)));
    names.find(|name| !name.is_empty())
}

/// Takes the arguments: the first that are not empty, or else the first.
fn take_arguments(call: &mut Map<String, Value>) -> Option<Value> {
    let mut present = ARGUMENT_KEYS
        .into_iter()
        .filter(|key| call.contains_key(*key));
    let first = present.clone().next()?;
    let key = present.find(|key| !is_empty(&call[*key])).unwrap_or(first);
    call.remove(key)
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
    let arguments: Value = serde_json::from_str(fenced(text).unwrap_or(text)).ok()?;
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arguments(arguments: Value) -> Value {
        parse_arguments(arguments)
    }

    #[test]
    fn empty_arguments_are_an_empty_object() {
        for given in [json!(null), json!(""), json!("  "), json!("{}"), json!({})] {
            assert_eq!(arguments(given), json!({}));
        }
        for given in [json!([]), json!("[]"), json!(" null ")] {
            assert_eq!(arguments(given), json!({}));
        }
        assert_eq!(arguments(json!("{\"a\":1}")), json!({"a": 1}));
        assert_eq!(arguments(json!("a")), json!("a"));
    }

    #[test]
    fn arguments_are_read_from_all_places() {
        let check = |call: Value, expected: Value| {
            let calls: WireToolCalls = serde_json::from_value(json!([call])).unwrap();
            let calls = calls.into_calls();
            let [call] = calls.as_slice() else {
                panic!("not one call: {calls:?}");
            };
            assert_eq!((call.name.as_str(), &call.arguments), ("add", &expected));
        };
        let given = json!({"a": 1});
        for key in ARGUMENT_KEYS {
            check(
                json!({"function": {"name": "add", key: given}}),
                given.clone(),
            );
            check(
                json!({"function": {"name": "add"}, key: given}),
                given.clone(),
            );
            check(json!({"function": "add", key: given}), given.clone());
            check(json!({"name": "add", key: given}), given.clone());
        }
        for empty in [json!({}), json!([]), json!("[]"), json!(""), json!(null)] {
            for function in [
                json!({"name": "add", "arguments": empty, "parameters": given}),
                json!({"name": "add", "parameters": given, "params": empty}),
            ] {
                check(json!({ "function": function }), given.clone());
            }
            let function = json!({"name": "add", "arguments": empty});
            check(
                json!({"function": function, "arguments": given}),
                given.clone(),
            );
            check(json!({"function": function, "arguments": empty}), json!({}));
        }
        check(json!({"function": {"name": "add"}}), json!({}));
        let other = json!({"name": "add", "arguments": given, "input": {"b": 2}});
        check(json!({"function": other, "args": {"c": 3}}), given.clone());
    }

    #[test]
    fn arguments_of_many_values_stay_text() {
        let largest = json!({"n": vec![0; MAX_VALUES - 3]});
        assert_eq!(arguments(largest.clone()), largest);
        let larger = json!({"n": vec![0; MAX_VALUES]});
        assert_eq!(arguments(larger.clone()), Value::String(larger.to_string()));
        assert!(arguments(Value::String(larger.to_string())).is_string());
    }

    // serde_json parses the text behind this key as JSON again, with a new limit of depth.
    #[test]
    fn nesting_by_a_reserved_key_is_limited() {
        let mut text = "0".to_owned();
        for _ in 0..3 {
            text = format!("{}{text}{}", "[".repeat(100), "]".repeat(100));
            text = json!({"$serde_json::private::RawValue": text}).to_string();
        }
        let deep: Value = serde_json::from_str(&text).unwrap();
        assert!(
            depth(&deep) > 250,
            "the key has no special meaning any more"
        );
        assert!(arguments(deep).is_string());
    }
}
