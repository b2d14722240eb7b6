//! Tool calls that a model wrote into its text, where its server did not recognize them.
//!
//! Small models write `{"name": "add", "parameters": {…}}`, and templates without a parser leave the marks of a call in
//! the text. The text of such a reply is not an answer: a typed command would get a value that no tool contributed to.

use serde_json::{Map, Value};

use crate::message::ToolCall;
use crate::output::fenced;
use crate::tool::Toolset;
use crate::wire::parse_arguments;

/// Maximum number of calls in a text. No model makes more.
const MAX_CALLS: usize = 128;

/// Marks that chat templates put around calls in JSON. A template may omit the closing mark at the end of the text.
const MARKS: [(&str, &str); 12] = [
    ("<tool_call>", "</tool_call>"),
    ("<tool_calls>", "</tool_calls>"),
    ("<function_call>", "</function_call>"),
    ("<function_calls>", "</function_calls>"),
    ("<functioncall>", "</functioncall>"),
    ("<|tool_call|>", "<|/tool_call|>"),
    ("<|tool_call>", "<tool_call|>"),
    ("<|tool_calls|>", "<|/tool_calls|>"),
    ("<|python_tag|>", "<|eom_id|>"),
    ("[TOOL_CALLS]", "[/TOOL_CALLS]"),
    ("[TOOL_REQUEST]", "[END_TOOL_REQUEST]"),
    ("<|action_start|><|plugin|>", "<|action_end|>"),
];

/// Marks of the end of a message, which some servers leave in the text.
const END_MARKS: [&str; 5] = ["<|eom_id|>", "<|eot_id|>", "<|im_end|>", "<|end|>", "</s>"];

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
    if let Some(calls) = marked(text) {
        return Some((calls, Certainty::Marked));
    }
    let objects = objects(fenced(text).unwrap_or(text))?;
    let mut certainty = Certainty::Exact;
    let mut calls = Vec::new();
    for object in &objects {
        let call = Call::find(object)?;
        toolset.find(call.name)?;
        if !call.is_exact {
            certainty = Certainty::Likely;
        }
        calls.push(call.to_tool_call());
    }
    Some((calls, certainty))
}

/// Reads calls between marks, one pair after the other.
fn marked(text: &str) -> Option<Vec<ToolCall>> {
    let mut calls = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if calls.len() >= MAX_CALLS {
            return None;
        }
        // The form of Llama and of Qwen: the name is in the mark.
        if let Some(after) = rest.strip_prefix("<function=") {
            let (name, after) = after.split_once('>')?;
            let (inside, after) = after.split_once("</function>").unwrap_or((after, ""));
            calls.push(named(name, inside));
            rest = after.trim_start();
            continue;
        }
        let (open, close) = MARKS.iter().find(|(open, _)| rest.starts_with(open))?;
        let inside = &rest[open.len()..];
        let (inside, after) = inside.split_once(close).unwrap_or((inside, ""));
        let inside = inside.trim();
        let inside = fenced(inside).unwrap_or(inside);
        match inside.starts_with("<function=") {
            true => calls.extend(marked(inside)?),
            false => calls.extend(payload(inside)),
        }
        rest = after.trim_start();
    }
    (!calls.is_empty()).then_some(calls)
}

/// Reads the call of a tool whose name is outside its arguments.
fn named(name: &str, inside: &str) -> ToolCall {
    let inside = inside.trim();
    let arguments = parameters(inside).unwrap_or_else(|| Value::String(inside.to_owned()));
    ToolCall {
        id: None,
        name: name.trim().trim_matches('"').to_owned(),
        arguments: parse_arguments(arguments),
    }
}

/// Reads `<parameter=NAME>VALUE</parameter>` elements. A value that is not JSON is a string.
fn parameters(inside: &str) -> Option<Value> {
    let mut fields = Map::new();
    let mut rest = inside;
    while let Some(after) = rest.strip_prefix("<parameter=") {
        let (name, after) = after.split_once('>')?;
        let (value, after) = after.split_once("</parameter>")?;
        let value = value.trim();
        let json = serde_json::from_str(value);
        let json = json.unwrap_or_else(|_| Value::String(value.to_owned()));
        fields.insert(name.trim().to_owned(), json);
        rest = after.trim_start();
    }
    (!fields.is_empty() && rest.is_empty()).then_some(Value::Object(fields))
}

/// Reads the text between a pair of marks: calls in JSON, or `NAME[ARGS]{…}`. Anything else is one invalid call.
fn payload(inside: &str) -> Vec<ToolCall> {
    if let Some((name, arguments)) = inside.split_once("[ARGS]") {
        return vec![named(name, arguments)];
    }
    let read = objects(inside).and_then(|objects| {
        let calls = objects
            .iter()
            .map(|object| Some(Call::find(object)?.to_tool_call()));
        calls.collect::<Option<Vec<_>>>()
    });
    // A name may be readable even if the rest is not.
    read.unwrap_or_else(|| {
        let name = inside.split_once("\"name\"").and_then(|(_, after)| {
            let after = after.trim_start().strip_prefix(':')?.trim_start();
            Some(after.strip_prefix('"')?.split_once('"')?.0)
        });
        vec![ToolCall {
            id: None,
            name: name.unwrap_or_default().to_owned(),
            arguments: Value::String(inside.to_owned()),
        }]
    })
}

/// Reads a text that is one object, a list of objects, or several objects in a row.
fn objects(text: &str) -> Option<Vec<Map<String, Value>>> {
    let mut objects = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let value = values.next()?.ok()?;
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

/// An object with the keys of a call.
struct Call<'a> {
    name: &'a str,
    arguments: &'a Value,
    is_exact: bool,
}

impl<'a> Call<'a> {
    /// Finds the name and the arguments, which may be in an object `function`.
    fn find(object: &'a Map<String, Value>) -> Option<Self> {
        if let Some(Value::Object(function)) = object.get("function") {
            let others = object
                .keys()
                .filter(|key| !matches!(key.as_str(), "function" | "type" | "id"));
            let inner = Self::find(function)?;
            let is_exact = inner.is_exact && others.count() == 0;
            return Some(Self { is_exact, ..inner });
        }
        let name = object
            .get("name")
            .or_else(|| object.get("function"))?
            .as_str()?;
        let arguments = ["arguments", "parameters", "args"];
        let arguments = arguments.iter().find_map(|key| object.get(*key))?;
        Some(Self {
            name: name.trim(),
            arguments,
            is_exact: object.len() == 2 && arguments.is_object(),
        })
    }

    fn to_tool_call(&self) -> ToolCall {
        ToolCall {
            id: None,
            name: self.name.to_owned(),
            arguments: parse_arguments(self.arguments.clone()),
        }
    }
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
        ] {
            check(text, Certainty::Likely);
        }
        for text in [
            "<tool_call>\n{\"name\":\"add\",\"arguments\":{\"a\":1}}\n</tool_call>",
            "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":1}}",
            r#"[TOOL_CALLS][{"name":"add","arguments":{"a":1}}]"#,
            r#"[TOOL_CALLS]add[ARGS]{"a":1}"#,
            r#"<|python_tag|>{"name":"add","parameters":{"a":1}}<|eom_id|>"#,
            r#"<function=add>{"a":1}</function>"#,
            "<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>\n</function>\n</tool_call>",
        ] {
            check(text, Certainty::Marked);
        }
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
