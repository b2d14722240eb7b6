//! Descriptions of shapes and values for the error messages that models and persons read.

use serde_json::Value;

use crate::error::excerpt;
use crate::schema::{Bound, Literal, Property, Range, Shape, ShapeKind};

/// Describes a range: `from 0 to 120`, `of at least 1`, `of more than 0 and at most 1`.
pub(super) fn bounds(range: &Range) -> String {
    let side = |bound: &Bound, inclusive: &str, exclusive: &str| {
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
            let min = min.as_ref().map(|min| side(min, "at least", "more than"));
            let max = max.as_ref().map(|max| side(max, "at most", "less than"));
            let bounds: Vec<String> = [min, max].into_iter().flatten().collect();
            format!("of {}", bounds.join(" and "))
        }
    }
}

/// Describes a format of a string: `a date, YYYY-MM-DD`.
pub(super) fn format_name(format: &str) -> String {
    let name = match format {
        "date" => "a date, YYYY-MM-DD",
        "time" => "a time with a zone, HH:MM:SSZ",
        "partial-time" => "a time, HH:MM:SS",
        "date-time" => "a date and time with a zone, YYYY-MM-DDTHH:MM:SSZ",
        "partial-date-time" => "a date and time, YYYY-MM-DDTHH:MM:SS",
        "duration" => "a duration, such as PT1H30M",
        "email" | "idn-email" => "an email address",
        "uri" | "url" | "iri" => "a URL with its scheme",
        "uuid" => "a UUID",
        "ip" => "an IP address",
        "ipv4" => "an IPv4 address",
        "ipv6" => "an IPv6 address",
        "hostname" | "idn-hostname" => "a host name",
        other => return format!("a string of format {other}"),
    };
    name.to_owned()
}

/// Describes a value: a scalar as truncated JSON, a list or an object by its type.
pub(super) fn found(value: &Value) -> String {
    const MAX_LENGTH: usize = 60;
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        scalar => {
            let text = excerpt(&scalar.to_string());
            match text.char_indices().nth(MAX_LENGTH) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
    }
}

/// Describes a value, for an object with the names of its first four fields.
pub(super) fn found_fields(value: &Value) -> String {
    match value {
        Value::Object(fields) if fields.is_empty() => "an empty object".to_owned(),
        Value::Object(fields) => format!("an object with {}", names(fields.keys())),
        other => found(other),
    }
}

/// Lists the names of the first four properties of an object.
pub(super) fn field_names(properties: &[Property]) -> String {
    names(properties.iter().map(|property| &property.name))
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<String> = names.take(4).map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Lists the accepted literals: `one of "a", "b"`.
pub(super) fn one_of(literals: &[Literal]) -> String {
    let shown = literals.iter().map(|literal| literal.value.to_string());
    let shown: Vec<String> = shown.collect();
    match shown.as_slice() {
        [only] => only.clone(),
        several => format!("one of {}", several.join(", ")),
    }
}

/// Lists the alternatives of a union: `a string or null`.
pub(super) fn alternatives(options: &[Shape]) -> String {
    let name = |option: &Shape| match &option.kind {
        ShapeKind::Null => "null".to_owned(),
        ShapeKind::Boolean => "true or false".to_owned(),
        ShapeKind::Integer(_) => "an integer".to_owned(),
        ShapeKind::Number(_) => "a number".to_owned(),
        ShapeKind::Text(_) => "a string".to_owned(),
        ShapeKind::Literals(literals) => one_of(literals),
        ShapeKind::List { .. } | ShapeKind::Tuple(_) => "a list".to_owned(),
        ShapeKind::Object { properties, .. } => match field_names(properties) {
            names if names.is_empty() => "an object".to_owned(),
            names => format!("an object with {names}"),
        },
        ShapeKind::Named(name) => format!("a `{name}`"),
        ShapeKind::Any | ShapeKind::Union(_) => "any value".to_owned(),
    };
    let mut names: Vec<String> = options.iter().map(name).collect();
    names.dedup();
    names.join(" or ")
}
