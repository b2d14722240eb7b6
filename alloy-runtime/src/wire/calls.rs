//! The calls of tools in a reply, as either protocol has them.

use std::fmt;

use serde::de::{Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::json::Writer;
use crate::message::ToolCall;

/// How many calls a reply may have: more than any model makes, and few enough to be run.
const MOST_CALLS: usize = 128;

/// The calls of a reply.
#[derive(Default)]
pub(super) struct Calls(pub(super) Vec<ToolCall>);

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    function: Function,
}

/// What is missing in it is for the model to be told, and no reason to lose the reply.
#[derive(Default, Deserialize)]
struct Function {
    #[serde(default)]
    name: String,
    /// An object; on Chat Completions the text of one.
    #[serde(default)]
    arguments: Value,
}

impl<'de> Deserialize<'de> for Calls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Calls;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of tool calls")
            }

            fn visit_unit<E>(self) -> Result<Calls, E> {
                Ok(Calls::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Calls, A::Error> {
                let mut calls = Vec::new();
                while calls.len() < MOST_CALLS {
                    match items.next_element::<Call>()? {
                        Some(call) => calls.push(call.into()),
                        None => return Ok(Calls(calls)),
                    }
                }
                match items.next_element::<IgnoredAny>()? {
                    Some(_) => Err(A::Error::custom(format_args!(
                        "more than {MOST_CALLS} tool calls"
                    ))),
                    None => Ok(Calls(calls)),
                }
            }
        }
        deserializer.deserialize_any(List)
    }
}

impl From<Call> for ToolCall {
    fn from(call: Call) -> Self {
        let arguments = match call.function.arguments {
            Value::Null => Value::Object(Map::new()),
            Value::String(text) if text.trim().is_empty() => Value::Object(Map::new()),
            // What is no JSON stays as it is, for the model to be told.
            Value::String(text) => match serde_json::from_str(&text) {
                Ok(arguments @ Value::Object(_)) => arguments,
                _ => Value::String(text),
            },
            arguments => arguments,
        };
        Self {
            id: call.id.filter(|id| !id.is_empty()),
            name: call.function.name,
            arguments,
        }
    }
}

/// Writes the arguments of a call, where it is sent back: an object, since servers refuse what is none. The
/// model is told what was wrong with it in the tool's message.
pub(super) fn arguments(out: &mut Writer, call: &ToolCall) {
    match call.arguments.is_object() {
        true => out.value(&call.arguments),
        false => out.raw("{}"),
    };
}
