//! Finding the JSON of an answer in what surrounds it.

use serde_json::{Map, Value};

use super::Root;
use super::repair::Repair;
use crate::schema::{Kind, Schema};

/// How many braces are tried as the beginning of the JSON: an answer that has more of them in front is
/// no answer with a few words around it, and each try may read to the end.
const MOST_TRIES: usize = 8;

/// A leading `<think>…</think>`, and the answer behind it. Servers and templates that do not know a
/// model's thinking leave it there; some leave the opening tag out.
pub(super) fn split_thinking(text: &str) -> (Option<&str>, &str) {
    const OPEN: &str = "<think>";
    const CLOSE: &str = "</think>";
    // The usual answer: one byte is looked for faster than a tag.
    if !text.contains('<') {
        return (None, text);
    }
    let trimmed = text.trim_start();
    let (thinking, rest) = match trimmed.strip_prefix(OPEN) {
        Some(inside) => match inside.split_once(CLOSE) {
            Some(parts) => parts,
            None => return (None, text),
        },
        None => match trimmed.split_once(CLOSE) {
            // A tag that is spoken of stands within a line.
            Some((before, rest)) if before.ends_with('\n') || rest.starts_with(['\n', '\r']) => {
                (before, rest)
            }
            _ => return (None, text),
        },
    };
    (Some(thinking), rest)
}

/// The one JSON value of an answer, with what had to be left out. `None` where there is none, or more
/// than one, of which any choice would be a guess.
pub(super) fn json(text: &str, root: Root, schema: &Schema) -> Option<(Value, Vec<Repair>)> {
    let mut repairs = Vec::new();
    let (thinking, text) = split_thinking(text);
    if thinking.is_some() {
        repairs.push(Repair::ThinkingRemoved);
    }
    let text = text.trim_start_matches('\u{feff}').trim();
    let (value, repair) = whole(text)
        .map(|value| (value, None))
        .or_else(|| Some((doubled_brace(text)?, Some(Repair::DoubledBrace))))
        .or_else(|| Some((bare_word(text, root, schema)?, None)))
        .or_else(|| Some((surrounded(text)?, Some(Repair::TextAround))))?;
    repairs.extend(repair);
    Some(match (root, value) {
        (Root::Wrapped, value) if !is_wrapped(&value, schema) => {
            repairs.push(Repair::Wrapped);
            (wrapped(value), repairs)
        }
        (_, value) => (value, repairs),
    })
}

fn whole(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// `{{"name": "Jason"}}`, or the same with one brace at its end.
fn doubled_brace(text: &str) -> Option<Value> {
    let inside = text.strip_prefix('{')?.trim_start();
    if !inside.starts_with('{') {
        return None;
    }
    whole(inside).or_else(|| whole(inside.strip_suffix('}')?))
}

/// `positive` where one of some words was asked for.
fn bare_word(text: &str, root: Root, schema: &Schema) -> Option<Value> {
    let word = text.trim_matches(['`', '.', '*']);
    let (Root::Wrapped, Kind::Literals(literals)) = (root, &schema.wrapped_value()?.kind) else {
        return None;
    };
    let mut literals = literals.iter().map(|literal| &literal.value);
    literals.find(|value| value.as_str() == Some(word)).cloned()
}

/// The one object or list that stands among other text.
fn surrounded(text: &str) -> Option<Value> {
    let mut found = None;
    let mut at = 0;
    for _ in 0..MOST_TRIES {
        let Some(start) = text[at..].find(['{', '[']) else {
            return found;
        };
        let start = at + start;
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                if found.is_some() {
                    return None;
                }
                found = Some(value);
                at = start + values.byte_offset();
            }
            _ => at = start + 1,
        }
    }
    // What was not looked at may hold another.
    match text[at..].contains(['{', '[']) {
        true => None,
        false => found,
    }
}

/// Whether a value is `{"value": …}`, and not the value itself.
fn is_wrapped(value: &Value, schema: &Schema) -> bool {
    match value {
        Value::Object(fields) => {
            fields.contains_key(super::VALUE)
                || !schema.wrapped_value().is_some_and(|shape| {
                    matches!(shape.kind, Kind::Object { .. } | Kind::Union(_) | Kind::Any)
                })
        }
        _ => false,
    }
}

fn wrapped(value: Value) -> Value {
    Value::Object(Map::from_iter([(super::VALUE.to_owned(), value)]))
}
