//! Calls between the marks that chat templates put around them.

#[cfg(test)]
mod tests;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::{Call, MAX_CALLS, objects};
use crate::message::ToolCall;
use crate::output::fenced;
use crate::wire::parse_arguments;

/// The marks around a call, or around a list of calls. A model may omit the closing mark at the end of the text.
const MARKS: [(&str, &str); 24] = [
    ("<tool_call>", "</tool_call>"),
    ("<tool_calls>", "</tool_calls>"),
    ("<function_call>", "</function_call>"),
    ("<function_calls>", "</function_calls>"),
    ("<functioncall>", "</functioncall>"),
    ("<start_function_call>", "<end_function_call>"),
    ("<minimax:tool_call>", "</minimax:tool_call>"),
    ("<seed:tool_call>", "</seed:tool_call>"),
    ("<|tool_call|>", "<|/tool_call|>"),
    ("<|tool_call>", "<tool_call|>"),
    ("<|tool_calls|>", "<|/tool_calls|>"),
    ("<|tool_call_start|>", "<|tool_call_end|>"),
    ("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
    ("<|tool_call_begin|>", "<|tool_call_end|>"),
    ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
    ("<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"),
    ("<|START_ACTION|>", "<|END_ACTION|>"),
    ("<|action_start|><|plugin|>", "<|action_end|>"),
    ("<|python_tag|>", "<|eom_id|>"),
    ("<|python_start|>", "<|python_end|>"),
    ("[TOOL_REQUEST]", "[END_TOOL_REQUEST]"),
    ("[TOOL_CALLS]", "[/TOOL_CALLS]"),
    ("<function=", "</function>"),
    ("<invoke name=", "</invoke>"),
];

/// Marks between the name of a tool and its arguments.
const SEPARATORS: [&str; 4] = [
    "[ARGS]",
    "<｜tool▁sep｜>",
    "<|tool_call_argument_begin|>",
    "<arg_key>",
];

/// The marks of an argument: before its name, between name and value, after the value.
const ARGUMENT_MARKS: [[&str; 3]; 3] = [
    ["<parameter=", ">", "</parameter>"],
    ["<parameter name=", ">", "</parameter>"],
    ["<arg_key>", "</arg_key>", "</arg_value>"],
];

/// Maximum depth of marks in marks: a call in a list of calls.
const MAX_DEPTH: usize = 3;

/// Reads calls between marks, one pair after the other. Returns `None` if there is anything else.
pub(super) fn read(text: &str) -> Option<Vec<ToolCall>> {
    let mut calls = Vec::new();
    match harmony_call(text) {
        Some((call, after)) => {
            calls.push(call);
            let mut rest = after;
            while !rest.is_empty() && calls.len() < MAX_CALLS {
                let (call, after) = harmony_call(rest)?;
                calls.push(call);
                rest = after;
            }
        }
        None => push_calls(text, MAX_DEPTH, &mut calls)?,
    }
    (!calls.is_empty()).then_some(calls)
}

fn push_calls(text: &str, depth: usize, calls: &mut Vec<ToolCall>) -> Option<()> {
    let mut rest = text;
    while !rest.is_empty() {
        let (open, close) = opening(rest)?;
        if calls.len() >= MAX_CALLS {
            return None;
        }
        let after_open = &rest[open.len()..];
        // A closing mark in a string of JSON does not close.
        let json = json_length(after_open);
        let close_at = after_open[json..].find(close).map(|at| json + at);
        let next_at = after_open[json..].find(open).map(|at| json + at);
        let (inside, after) = match (close_at, next_at) {
            // Mistral marks the beginning of each call, and no end.
            (_, Some(next)) if open == "[TOOL_CALLS]" => after_open.split_at(next),
            (Some(at), _) => (&after_open[..at], &after_open[at + close.len()..]),
            // A text about the mark.
            (None, _) if is_prose(after_open) => return None,
            (None, _) => (after_open, ""),
        };
        let inside = inside.trim();
        match (open, opening(inside)) {
            // The name is in the mark.
            ("<function=" | "<invoke name=", _) => {
                let (name, inside) = inside.split_once('>')?;
                // The arguments of a call that has no end may be missing.
                let is_cut = close_at.is_none() && inside.trim().is_empty();
                calls.push(match is_cut {
                    true => invalid(tool_name(name), rest),
                    false => named(name, inside),
                });
            }
            (_, Some(_)) if depth > 0 => push_calls(inside, depth - 1, calls)?,
            _ => calls.extend(payload(inside)),
        }
        rest = after.trim_start();
    }
    Some(())
}

/// Returns `true` if a text after an opening mark has words and nothing that a call has.
fn is_prose(text: &str) -> bool {
    text.trim().contains(' ') && !text.contains(['{', '<', '['])
}

/// Returns the length of the JSON at the start of a text, with the white space before it; 0 if there is none.
fn json_length(text: &str) -> usize {
    let start = text.len() - text.trim_start().len();
    if !text[start..].starts_with(['{', '[']) {
        return 0;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => values.byte_offset(),
        _ => 0,
    }
}

/// A call that is not valid. The model reads its text in the error.
fn invalid(name: &str, text: &str) -> ToolCall {
    ToolCall {
        id: None,
        name: name.to_owned(),
        arguments: Value::String(text.to_owned()),
    }
}

/// Returns the marks whose opening one a text starts with.
fn opening(text: &str) -> Option<(&'static str, &'static str)> {
    let mut marks = MARKS.into_iter();
    marks.find(|(open, _)| text.starts_with(open))
}

/// Reads a call in the format of gpt-oss at the start of a text, and returns the text after it: a message to a function,
/// `<|channel|>commentary to=functions.NAME <|constrain|>json<|message|>{…}<|call|>`. Some servers remove its marks.
fn harmony_call(text: &str) -> Option<(ToolCall, &str)> {
    let text = text.strip_prefix("<|start|>").unwrap_or(text);
    let text = text.strip_prefix("assistant").unwrap_or(text).trim_start();
    let text = text.strip_prefix("<|channel|>").unwrap_or(text);
    let after = ["commentary", "analysis"]
        .iter()
        .find_map(|channel| text.strip_prefix(channel));
    let recipient = after.unwrap_or(text).trim_start().strip_prefix("to=")?;
    let end = recipient.find(|c: char| c.is_whitespace() || c == '<')?;
    let (name, rest) = recipient.split_at(end);
    let inside = match rest.split_once("<|message|>") {
        Some((_, inside)) => inside,
        None => &rest[rest.find('{')?..],
    };
    let json = json_length(inside);
    let ends = ["<|call|>", "<|end|>"].iter();
    let mut ends = ends.filter_map(|mark| Some((inside[json..].find(mark)? + json, mark.len())));
    let (inside, after) = match ends.next() {
        Some((at, length)) => (&inside[..at], &inside[at + length..]),
        None => (inside, ""),
    };
    Some((named(name, inside), after.trim_start()))
}

/// Reads the call of a tool whose name is outside its arguments.
fn named(name: &str, inside: &str) -> ToolCall {
    let inside = inside.trim();
    let arguments = marked_arguments(inside).unwrap_or_else(|| Value::String(inside.to_owned()));
    ToolCall {
        id: None,
        name: tool_name(name).to_owned(),
        arguments: parse_arguments(arguments),
    }
}

/// Returns the name in `functions.NAME:0`, as Kimi and gpt-oss write it, or in quotation marks.
fn tool_name(name: &str) -> &str {
    let name = name.trim().trim_matches(['"', '\'']);
    let name = name.strip_prefix("functions.").unwrap_or(name);
    match name.rsplit_once(':') {
        Some((name, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    }
}

/// Reads arguments of which each has marks around it. The values are texts: those of parameters with another type are
/// converted, and JSON is parsed, where they are read.
fn marked_arguments(inside: &str) -> Option<Value> {
    let marks = ARGUMENT_MARKS.iter();
    let mut marks = marks.filter(|[open, ..]| inside.starts_with(open));
    let [open, middle, close] = *marks.next()?;
    let mut fields = Map::new();
    let mut rest = inside;
    while let Some(after) = rest.strip_prefix(open) {
        let (name, after) = after.split_once(middle)?;
        let (value, after) = after.split_once(close)?;
        let value = match middle {
            "</arg_key>" => value.trim_start().strip_prefix("<arg_value>")?,
            // Templates put a line break before and after a value.
            _ => value
                .strip_prefix('\n')
                .map_or(value, |value| value.strip_suffix('\n').unwrap_or(value)),
        };
        let name = name.trim().trim_matches('"').to_owned();
        if fields
            .insert(name, Value::String(value.to_owned()))
            .is_some()
        {
            return None;
        }
        rest = after.trim_start();
    }
    rest.is_empty().then_some(Value::Object(fields))
}

/// Reads the text between a pair of marks: calls in JSON, or a name before the arguments. Anything else is one call that
/// is not valid.
fn payload(inside: &str) -> Vec<ToolCall> {
    let inside = fenced(inside).unwrap_or(inside);
    let read = objects(inside).and_then(|objects| {
        let calls = objects.into_iter();
        let calls = calls.map(|object| Some(Call::read(object)?.into_tool_call()));
        calls.collect::<Option<Vec<_>>>()
    });
    if let Some(calls) = read {
        return calls;
    }
    let separated = SEPARATORS
        .iter()
        .filter_map(|separator| Some((inside.find(separator)?, *separator)))
        .min()
        .filter(|_| !inside.starts_with(['{', '[']));
    if let Some((at, separator)) = separated {
        let (name, arguments) = inside.split_at(at);
        let arguments = match separator {
            "<arg_key>" => arguments,
            separator => &arguments[separator.len()..],
        };
        return vec![separated_call(name, arguments)];
    }
    let is_word = |name: &str| {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        !name.is_empty() && name.chars().all(is_part)
    };
    match inside.split_once('{') {
        Some((name, _)) if is_word(name.trim()) => {
            vec![named(name, &inside[name.len()..])]
        }
        None if is_word(inside) => vec![invalid(tool_name(inside), inside)],
        _ => {
            // A name may be readable even if the rest is not.
            let name = inside.split_once("\"name\"").and_then(|(_, after)| {
                let after = after.trim_start().strip_prefix(':')?.trim_start();
                Some(after.strip_prefix('"')?.split_once('"')?.0)
            });
            vec![invalid(name.unwrap_or_default(), inside)]
        }
    }
}

/// Reads a call from the texts before and after a separator.
fn separated_call(before: &str, after: &str) -> ToolCall {
    // Mistral writes the id of the call behind the name.
    let name = before
        .split_once("[CALL_ID]")
        .map_or(before, |(name, _)| name);
    // DeepSeek writes the type of the tool before the separator, and the name on the first line behind it.
    match after.split_once('\n') {
        Some((line, arguments)) if name.trim() == "function" => named(line, arguments),
        _ => named(name, after),
    }
}
