//! Shapes and values, as an error speaks of them.

use serde_json::Value;

use crate::error::excerpt;
use crate::schema::{Bound, Kind, Literal, Property, Range, Shape};

/// `from 0 to 120`, `of at least 1`, `of more than 0 and at most 1`.
pub(super) fn bounds(range: &Range) -> String {
    let said = |bound: &Bound, inclusive: &str, exclusive: &str| {
        let word = if bound.exclusive {
            exclusive
        } else {
            inclusive
        };
        format!("{word} {}", bound.value)
    };
    match (&range.min, &range.max) {
        (Some(min), Some(max)) if !min.exclusive && !max.exclusive => {
            format!("from {} to {}", min.value, max.value)
        }
        (min, max) => {
            let min = min.as_ref().map(|min| said(min, "at least", "more than"));
            let max = max.as_ref().map(|max| said(max, "at most", "less than"));
            let bounds: Vec<String> = [min, max].into_iter().flatten().collect();
            format!("of {}", bounds.join(" and "))
        }
    }
}

/// A value as an error shows it.
pub(in crate::output) fn found(value: &Value) -> String {
    const LONGEST: usize = 60;
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        scalar => {
            let text = excerpt(&scalar.to_string());
            match text.char_indices().nth(LONGEST) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
    }
}

/// The same, with the fields of an object, where they tell what it was meant for.
pub(in crate::output) fn found_whole(value: &Value) -> String {
    match value {
        Value::Object(fields) if fields.is_empty() => "an empty object".to_owned(),
        Value::Object(fields) => format!("an object with {}", names(fields.keys())),
        other => found(other),
    }
}

/// The first few fields of an object, as an error names them.
pub(super) fn field_names(properties: &[Property]) -> String {
    names(properties.iter().map(|property| &property.name))
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<String> = names.take(4).map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

pub(super) fn one_of(literals: &[Literal]) -> String {
    let shown = literals.iter().map(|literal| literal.value.to_string());
    let shown: Vec<String> = shown.collect();
    match shown.as_slice() {
        [only] => only.clone(),
        several => format!("one of {}", several.join(", ")),
    }
}

/// `a string or null`.
pub(in crate::output) fn alternatives(options: &[Shape]) -> String {
    let name = |option: &Shape| match &option.kind {
        Kind::Null => "null".to_owned(),
        Kind::Boolean => "true or false".to_owned(),
        Kind::Integer(_) => "an integer".to_owned(),
        Kind::Number(_) => "a number".to_owned(),
        Kind::Text(_) => "a string".to_owned(),
        Kind::Literals(literals) => one_of(literals),
        Kind::List { .. } | Kind::Tuple(_) => "a list".to_owned(),
        Kind::Object { properties, .. } => match field_names(properties) {
            names if names.is_empty() => "an object".to_owned(),
            names => format!("an object with {names}"),
        },
        Kind::Named(name) => format!("a `{name}`"),
        Kind::Any | Kind::Union(_) => "any value".to_owned(),
    };
    let mut names: Vec<String> = options.iter().map(name).collect();
    names.dedup();
    names.join(" or ")
}
