//! The calls of tools in a reply, as either protocol has them.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::json::Writer;
use super::lenient::{self, nothing_of};
use crate::message::ToolCall;

/// How many calls a reply may have: more than any model makes, and few enough to be run.
const MOST_CALLS: usize = 128;

/// How deep arguments may nest that come as text: a conversation that is stored with them must be readable
/// again, and readers stop at 128 levels.
const DEEPEST: usize = 100;

/// How many values arguments may have. Each takes some dozens of bytes, in each place where a conversation is kept;
/// as text they take what they are long.
const MOST_VALUES: usize = 64 * 1024;

/// The calls of a reply.
#[derive(Default)]
pub(super) struct Calls(pub(super) Vec<ToolCall>);

/// A call; what is missing in it is for the model to be told, and no reason to lose the reply.
#[derive(Default)]
struct Call {
    id: Option<String>,
    function: Function,
}

#[derive(Default, Deserialize)]
struct Function {
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    /// An object; on Chat Completions the text of one.
    #[serde(default)]
    arguments: Value,
}

// What is no list calls nothing, and neither does an item that is no call: a server that was given no tools may
// have anything there.
impl<'de> Deserialize<'de> for Calls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Calls;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of tool calls")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Calls, A::Error> {
                let mut calls = Vec::new();
                while let Some(call) = items.next_element::<Call>()? {
                    if calls.len() == MOST_CALLS {
                        let message = format!("more than {MOST_CALLS} tool calls");
                        return Err(A::Error::custom(message));
                    }
                    calls.push(call.into());
                }
                Ok(Calls(calls))
            }

            nothing_of!(unit, bool, number, text, object);
        }
        deserializer.deserialize_any(List)
    }
}

impl<'de> Deserialize<'de> for Call {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            #[serde(default, deserialize_with = "lenient::text")]
            id: Option<String>,
            function: Option<Function>,
        }
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Call;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a tool call")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Call, A::Error> {
                let fields = Fields::deserialize(MapAccessDeserializer::new(fields))?;
                let Fields { id, function } = fields;
                let function = function.unwrap_or_default();
                Ok(Call { id, function })
            }

            nothing_of!(unit, bool, number, text, list);
        }
        deserializer.deserialize_any(Object)
    }
}

impl From<Call> for ToolCall {
    fn from(call: Call) -> Self {
        let arguments = match call.function.arguments {
            Value::Null => Value::Object(Map::new()),
            Value::String(text) if text.trim().is_empty() => Value::Object(Map::new()),
            // What is no JSON stays as it is, for the model to be told.
            Value::String(text) => match serde_json::from_str(without_fence(&text)) {
                Ok(arguments) if depth(&arguments) <= DEEPEST && is_small(&arguments) => arguments,
                _ => Value::String(text),
            },
            arguments if is_small(&arguments) => arguments,
            arguments => Value::String(arguments.to_string()),
        };
        Self {
            id: call.id,
            name: call.function.name.unwrap_or_default(),
            arguments,
        }
    }
}

/// Whether a value has no more parts than [`MOST_VALUES`].
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
    let mut left = MOST_VALUES;
    count(value, &mut left);
    left > 0
}

/// How deep a value nests.
fn depth(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => fields.values().map(depth).max().unwrap_or_default(),
        _ => 0,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arguments(arguments: Value) -> Value {
        let function = Function {
            name: None,
            arguments,
        };
        ToolCall::from(Call { id: None, function }).arguments
    }

    #[test]
    fn arguments_that_say_nothing_are_none() {
        for given in [json!(null), json!(""), json!("  "), json!("{}"), json!({})] {
            assert_eq!(arguments(given), json!({}));
        }
        assert_eq!(arguments(json!("{\"a\":1}")), json!({"a": 1}));
        assert_eq!(arguments(json!("a")), json!("a"));
    }

    #[test]
    fn arguments_of_many_values_stay_text() {
        let most = json!({"n": vec![0; MOST_VALUES - 3]});
        assert_eq!(arguments(most.clone()), most);
        let many = json!({"n": vec![0; MOST_VALUES]});
        assert_eq!(arguments(many.clone()), Value::String(many.to_string()));
        assert!(arguments(Value::String(many.to_string())).is_string());
    }
}
