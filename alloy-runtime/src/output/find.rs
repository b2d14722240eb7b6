//! Finding the JSON of an answer in what surrounds it.

use serde_json::{Map, Value};

use super::Root;
use super::found::Found;
use super::repair::Repair;
use super::thinking::begins_to_think;
use crate::schema::{Kind, Schema};

/// How many braces are tried as the beginning of the JSON: an answer that has more of them in front is
/// no answer with a few words around it, and each try may read to the end.
const MOST_TRIES: usize = 8;

/// The one JSON value of an answer, with what had to be left out. `None` where there is none, or more
/// than one, of which any choice would be a guess.
pub(super) fn json(text: &str, root: Root, schema: &Schema) -> Option<(Value, Vec<Repair>)> {
    // It has no end: a draft in it is no answer.
    if begins_to_think(text) {
        return None;
    }
    let mut repairs = Vec::new();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_within_a_line_may_be_a_reference() {
        let found = |text: &str| surrounded(text).map(|found| found.value.to_string());
        assert_eq!(found("The numbers:\n[1]\n").as_deref(), Some("[1]"));
        assert_eq!(found("As in\n[1] it is said."), None);
        assert_eq!(found("It is said in [1]\n"), None);
        assert_eq!(found("See {\"a\": 1} there").as_deref(), Some("{\"a\":1}"));
    }
}
