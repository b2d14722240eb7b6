//! Finding the JSON of an answer in what surrounds it.

use serde_json::{Map, Value};

use super::Root;
use super::found::Found;
use super::repair::Repair;
use crate::schema::{Kind, Schema};

/// How many braces are tried as the beginning of the JSON: an answer that has more of them in front is
/// no answer with a few words around it, and each try may read to the end.
const MOST_TRIES: usize = 8;

pub(super) const OPEN: &str = "<think>";
pub(super) const CLOSE: &str = "</think>";

/// A thinking text without the tags around it.
pub(super) fn without_tags(thinking: &str) -> &str {
    let text = thinking.trim();
    let text = text.strip_prefix(OPEN).unwrap_or(text);
    text.strip_suffix(CLOSE).unwrap_or(text).trim()
}

/// The thinking text that an answer begins with, `<think>…</think>`, and the answer behind it. Servers and
/// templates that do not know a model's thinking leave it there; some leave the opening tag out.
pub(super) fn split_thinking(text: &str) -> (Option<&str>, &str) {
    // The usual answer: one byte is looked for faster than a tag.
    if !text.contains('<') {
        return (None, text);
    }
    let mut rest = text;
    while let Some(end) = thinking_end(rest) {
        rest = &rest[end..];
    }
    match text.len() - rest.len() {
        0 => (None, text),
        end => (Some(&text[..end]), rest),
    }
}

/// Where the thinking ends that a text begins with; `None` where it begins with none, or with one that does
/// not end.
fn thinking_end(text: &str) -> Option<usize> {
    if !begins_to_think(text) {
        // A tag that is spoken of stands within a line.
        let (before, after) = text.split_once(CLOSE)?;
        let alone = before.ends_with('\n') || after.starts_with(['\n', '\r']);
        return alone.then(|| text.len() - after.len());
    }
    let mut open = 0_usize;
    let mut at = 0;
    loop {
        let tag = at + text[at..].find('<')?;
        if text[tag..].starts_with(OPEN) {
            open += 1;
        } else if text[tag..].starts_with(CLOSE) {
            open -= 1;
            if open == 0 {
                return Some(tag + CLOSE.len());
            }
        }
        at = tag + 1;
    }
}

/// Whether a text begins with thinking.
pub(super) fn begins_to_think(text: &str) -> bool {
    text.trim_start().starts_with(OPEN)
}

/// The one JSON value of an answer, with what had to be left out. `None` where there is none, or more
/// than one, of which any choice would be a guess.
pub(super) fn json(text: &str, root: Root, schema: &Schema) -> Option<(Value, Vec<Repair>)> {
    let mut repairs = Vec::new();
    let (thinking, text) = split_thinking(text);
    if thinking.is_some() {
        repairs.push(Repair::ThinkingRemoved);
    }
    // What is left of it has no end: a draft in it is no answer.
    if begins_to_think(text) {
        return None;
    }
    let text = text.trim_start_matches('\u{feff}').trim();
    let (found, repair) = whole(text)
        .map(|value| (value, None))
        .or_else(|| Some((doubled_brace(text)?, Some(Repair::DoubledBrace))))
        .or_else(|| Some((bare_word(text, root, schema)?, None)))
        .or_else(|| Some((surrounded(text)?, Some(Repair::TextAround))))?;
    repairs.extend(repair);
    if found.duplicates {
        repairs.push(Repair::DuplicateKey);
    }
    Some(match (root, found.value) {
        (Root::Wrapped, value) if !is_wrapped(&value, schema) => {
            repairs.push(Repair::Wrapped);
            (wrapped(value), repairs)
        }
        (_, value) => (value, repairs),
    })
}

fn whole(text: &str) -> Option<Found> {
    serde_json::from_str(text).ok()
}

/// `{{"name": "Jason"}}`, or the same with one brace at its end.
fn doubled_brace(text: &str) -> Option<Found> {
    let inside = text.strip_prefix('{')?.trim_start();
    if !inside.starts_with('{') {
        return None;
    }
    whole(inside).or_else(|| whole(inside.strip_suffix('}')?))
}

/// `positive` where one of some words was asked for.
fn bare_word(text: &str, root: Root, schema: &Schema) -> Option<Found> {
    let word = text.trim_matches(['`', '.', '*']);
    let (Root::Wrapped, Kind::Literals(literals)) = (root, &schema.wrapped_value()?.kind) else {
        return None;
    };
    let mut literals = literals.iter().map(|literal| &literal.value);
    let word = literals.find(|value| value.as_str() == Some(word))?;
    Some(Found {
        value: word.clone(),
        duplicates: false,
    })
}

/// The one object or list that stands among other text. Where something begins like one and is none,
/// nothing is found: what could be read inside of it is a piece of the answer and not the answer.
fn surrounded(text: &str) -> Option<Found> {
    let mut found = None;
    let mut at = 0;
    for _ in 0..MOST_TRIES {
        let Some(start) = text[at..].find(['{', '[']) else {
            return found;
        };
        let start = at + start;
        if !begins_like_json(&text[start..]) {
            at = start + 1;
            continue;
        }
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Found>();
        let value = values.next()?.ok()?;
        let end = start + values.byte_offset();
        if found.is_some() {
            return None;
        }
        // A list within a line may be a reference, `[1]`.
        if value.value.is_object() || stands_alone(&text[..start], &text[end..]) {
            found = Some(value);
        }
        at = end;
    }
    // What was not looked at may hold another.
    match text[at..].contains(['{', '[']) {
        true => None,
        false => found,
    }
}

/// Whether an opening brace or bracket has behind it what JSON would have there. Words have them as well.
fn begins_like_json(text: &str) -> bool {
    let inside = text[1..].trim_start();
    match text.starts_with('{') {
        true => inside.starts_with(['"', '}']),
        false => inside.starts_with(|c: char| "\"{[]-tfn".contains(c) || c.is_ascii_digit()),
    }
}

/// Whether nothing stands in the same line before and behind.
fn stands_alone(before: &str, behind: &str) -> bool {
    let before = before.trim_end_matches([' ', '\t']);
    let behind = behind.trim_start_matches([' ', '\t', '\r']);
    (before.is_empty() || before.ends_with('\n')) && (behind.is_empty() || behind.starts_with('\n'))
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
