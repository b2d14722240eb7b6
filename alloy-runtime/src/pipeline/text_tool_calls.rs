//! Tool calls that a model wrote into its text, where its server did not recognize them.
//!
//! Small models write `{"name": "add", "parameters": {…}}`, and templates without a parser leave the marks of a call in
//! the text. The text of such a reply is not an answer: a typed command would get a value that no tool contributed to.

mod marks;

use serde_json::{Map, Value};

use crate::message::ToolCall;
use crate::output::{JsonWithDuplicates, fenced};
use crate::tool::Toolset;
use crate::wire::{CallParts, parse_arguments};

/// Maximum number of calls in a text. No model makes more.
const MAX_CALLS: usize = 128;

/// Marks of the end of a message, which some servers leave in the text.
const END_MARKS: [&str; 9] = [
    "<|eom_id|>",
    "<|eot_id|>",
    "<|eot|>",
    "<|im_end|>",
    "<|end|>",
    "<|call|>",
    "<|return|>",
    "<｜end▁of▁sentence｜>",
    "</s>",
];

/// Certainty that a text is a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Certainty {
    /// The calls are between marks.
    Marked,
    /// The text is JSON with the keys of a call and nothing else.
    Exact,
    /// The text is JSON with the keys of a call, and others.
    Likely,
}

/// Reads the calls that the whole of a text consists of. Returns `None` if it is anything else.
///
/// Without marks, each call must name a tool of the set. Between marks any name is a call, and a call that is not valid
/// JSON has its text as arguments, so that the model reads what is wrong with it.
pub(super) fn read(text: &str, toolset: &Toolset) -> Option<(Vec<ToolCall>, Certainty)> {
    let mut text = text.trim();
    for mark in END_MARKS {
        text = text.strip_suffix(mark).unwrap_or(text).trim_end();
    }
    if let Some(calls) = marks::read(text) {
        return Some((calls, Certainty::Marked));
    }
    let objects = objects(fenced(text).unwrap_or(text))?;
    let mut certainty = Certainty::Exact;
    let mut calls = Vec::new();
    for object in objects {
        let call = Call::read(object).filter(|call| call.has_key)?;
        toolset.find(&call.name)?;
        if !call.is_exact {
            certainty = Certainty::Likely;
        }
        calls.push(call.into_tool_call());
    }
    Some((calls, certainty))
}

/// Reads a text that is one object, a list of objects, or several objects in a row.
fn objects(text: &str) -> Option<Vec<Map<String, Value>>> {
    let mut objects = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter();
        // Nothing says which value of a name that occurs twice was meant.
        let JsonWithDuplicates {
            value,
            duplicates: false,
        } = values.next()?.ok()?
        else {
            return None;
        };
        match value {
            Value::Object(object) => objects.push(object),
            Value::Array(items) => {
                for item in items {
                    let Value::Object(object) = item else {
                        return None;
                    };
                    objects.push(object);
                }
            }
            _ => return None,
        }
        if objects.len() > MAX_CALLS {
            return None;
        }
        rest = rest[values.byte_offset()..].trim_start();
        rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_start();
    }
    (!objects.is_empty()).then_some(objects)
}

/// A call that an object describes.
struct Call {
    name: String,
    arguments: Option<Value>,
    has_key: bool,
    is_exact: bool,
}

impl Call {
    /// Reads a call. Returns `None` if the object has no name of a tool.
    fn read(object: Map<String, Value>) -> Option<Self> {
        let is_exact = has_exact_keys(&object);
        let CallParts {
            name,
            arguments,
            has_key,
        } = CallParts::take_from(object);
        (!name.is_empty()).then_some(Self {
            name,
            arguments,
            has_key,
            is_exact,
        })
    }

    fn into_tool_call(self) -> ToolCall {
        ToolCall {
            id: None,
            name: self.name,
            arguments: parse_arguments(self.arguments.unwrap_or_default()),
        }
    }
}

/// Returns `true` if an object has a name and arguments, and nothing else.
fn has_exact_keys(object: &Map<String, Value>) -> bool {
    if let Some(Value::Object(function)) = object.get("function") {
        let is_standard = |key: &String| matches!(key.as_str(), "function" | "type" | "id");
        return object.keys().all(is_standard) && has_exact_keys(function);
    }
    let has_name = ["name", "function"]
        .iter()
        .any(|key| object.contains_key(*key));
    let arguments = ["arguments", "parameters", "args"];
    let mut arguments = arguments.iter().filter_map(|key| object.get(*key));
    object.len() == 2 && has_name && arguments.any(Value::is_object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tool::Tool;

    fn read_calls(text: &str) -> Option<(Vec<(String, Value)>, Certainty)> {
        let add = Tool::new("add", "Adds.", |_: Map<String, Value>| 0_u8);
        let toolset = Toolset::new(vec![add]).unwrap();
        let (calls, certainty) = read(text, &toolset)?;
        let calls = calls.into_iter().map(|call| (call.name, call.arguments));
        Some((calls.collect(), certainty))
    }

    fn add(a: u8) -> (String, Value) {
        ("add".to_owned(), json!({ "a": a }))
    }

    #[test]
    fn calls_are_read_in_all_forms() {
        let check = |text: &str, certainty: Certainty| {
            let found = read_calls(text);
            assert_eq!(found, Some((vec![add(1)], certainty)), "{text}");
        };
        for text in [
            r#"{"name":"add","arguments":{"a":1}}"#,
            r#" {"name":"add","parameters":{"a":1}} "#,
            "```json\n{\"name\":\"add\",\"arguments\":{\"a\":1}}\n```",
            "```\n{\"name\":\"add\",\"arguments\":{\"a\":1}}\n```",
            r#"[{"name":"add","arguments":{"a":1}}]"#,
            r#"{"type":"function","function":{"name":"add","arguments":{"a":1}}}"#,
            r#"{"name":"add","arguments":{"a":1}}<|eom_id|>"#,
        ] {
            check(text, Certainty::Exact);
        }
        for text in [
            r#"{"type":"function","name":"add","parameters":{"a":1}}"#,
            r#"{"name":"add","arguments":"{\"a\":1}"}"#,
            r#"{"name":"add","arguments":{},"parameters":{"a":1}}"#,
            r#"{"name":"add","input":{"a":1}}"#,
            r#"{"tool_name":"add","parameters":{"a":1}}"#,
            r#"{"function":{"name":"add"},"arguments":{"a":1}}"#,
        ] {
            check(text, Certainty::Likely);
        }
        let text = "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":1}}</tool_call><|im_end|>";
        check(text, Certainty::Marked);
    }

    #[test]
    fn several_calls_are_read_in_order() {
        let two = Some(vec![add(1), add(2)]);
        let one = |a: u8| json!({"name": "add", "arguments": {"a": a}});
        for text in [
            json!([one(1), one(2)]).to_string(),
            format!("{}\n{}", one(1), one(2)),
            format!("{}; {}", one(1), one(2)),
            format!(
                "<tool_call>{}</tool_call>\n<tool_call>{}</tool_call>",
                one(1),
                one(2)
            ),
        ] {
            assert_eq!(read_calls(&text).map(|(calls, _)| calls), two, "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_calls() {
        for text in [
            "",
            "Hello",
            r#"I call {"name":"add","arguments":{"a":1}}"#,
            r#"{"name":"add","arguments":{"a":1}} now"#,
            r#"{"name":"Ann","arguments":{"a":1}}"#,
            r#"{"name":"add"}"#,
            r#"{"name":"add","age":1}"#,
            "[1, 2]",
            r#"{"name":"add","arguments":{"a":1}"#,
            "Use <tool_call> to call.",
        ] {
            assert_eq!(read_calls(text), None, "{text}");
        }
    }

    #[test]
    fn an_invalid_call_between_marks_is_a_call() {
        let check = |text: &str, name: &str| {
            let (calls, _) = read_calls(text).unwrap();
            assert_eq!(calls[0].0, name, "{text}");
            assert!(calls[0].1.is_string(), "{text}");
        };
        check(
            "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":</tool_call>",
            "add",
        );
        check("<tool_call>add(1)</tool_call>", "");
        let (calls, _) =
            read_calls(r#"<tool_call>{"name":"sub","arguments":{}}</tool_call>"#).unwrap();
        assert_eq!(calls, [("sub".to_owned(), json!({}))]);
    }
}
