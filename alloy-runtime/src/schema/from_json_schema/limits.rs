//! Parses the limits of numbers, strings and lists.

use serde_json::{Map, Number, Value};

use super::definitions::NamedShapes;
use crate::schema::{Bound, Range, Shape, ShapeKind, StringRules};

/// The keywords that limit a value.
const LIMITS: [&str; 14] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "multipleOf",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "format",
];

/// Overrides the limits of a shape with those of a schema that refers to it.
pub(super) fn override_limits(
    shape: &mut Shape,
    schema: &Map<String, Value>,
    named: &mut impl NamedShapes,
) {
    if !LIMITS.iter().any(|limit| schema.contains_key(*limit)) {
        return;
    }
    if let ShapeKind::Named(name) = &shape.kind {
        let name = name.clone();
        shape.kind = named.expand(&name).kind;
    }
    let count = |key: &str| schema.get(key).and_then(Value::as_u64);
    match &mut shape.kind {
        ShapeKind::Integer(current) | ShapeKind::Number(current) => {
            let own = range(schema);
            current.min = own.min.or(current.min.take());
            current.max = own.max.or(current.max.take());
            current.multiple_of = own.multiple_of.or(current.multiple_of.take());
        }
        ShapeKind::Text(current) => {
            let rules = text_rules(schema);
            current.min = rules.min.or(current.min);
            current.max = rules.max.or(current.max);
            current.pattern = rules.pattern.or(current.pattern.take());
            current.format = rules.format.or(current.format.take());
        }
        ShapeKind::List {
            min, max, unique, ..
        } => {
            *min = count("minItems").or(*min);
            *max = count("maxItems").or(*max);
            *unique |= schema.get("uniqueItems") == Some(&Value::Bool(true));
        }
        ShapeKind::Object {
            count: (min, max), ..
        } => {
            *min = count("minProperties").or(*min);
            *max = count("maxProperties").or(*max);
        }
        ShapeKind::Union(options) => {
            for option in options {
                override_limits(option, schema, named);
            }
        }
        _ => {}
    }
}

/// Parses the bounds of a number.
pub(super) fn range(schema: &Map<String, Value>) -> Range {
    let implied = schema
        .get("format")
        .and_then(Value::as_str)
        .map(implied_limits);
    let (implied_min, implied_max) = implied.unwrap_or_default();
    let bound = |inclusive: &str, exclusive: &str, implied: Option<i64>| {
        let number = |key: &str| schema.get(key).and_then(Value::as_number).cloned();
        let (value, exclusive) = match number(exclusive) {
            Some(value) => (value, true),
            None => (number(inclusive)?, false),
        };
        let implied = !exclusive && value.as_i64().is_some() && value.as_i64() == implied;
        Some(Bound {
            value: integral(value),
            exclusive,
            implied,
        })
    };
    Range {
        implied: (implied_min, implied_max),
        min: bound("minimum", "exclusiveMinimum", implied_min),
        max: bound("maximum", "exclusiveMaximum", implied_max),
        multiple_of: schema
            .get("multipleOf")
            .and_then(Value::as_number)
            .cloned()
            .map(integral),
        is_f32: schema.get("format").is_some_and(|format| format == "float"),
    }
}

/// Returns the limits of the Rust integer type for which schemars writes `format`.
fn implied_limits(format: &str) -> (Option<i64>, Option<i64>) {
    match format {
        "uint8" => (Some(0), Some(u8::MAX.into())),
        "uint16" => (Some(0), Some(u16::MAX.into())),
        "uint32" => (Some(0), Some(u32::MAX.into())),
        "uint64" | "uint128" | "uint" => (Some(0), None),
        "int8" => (Some(i8::MIN.into()), Some(i8::MAX.into())),
        "int16" => (Some(i16::MIN.into()), Some(i16::MAX.into())),
        "int32" => (Some(i32::MIN.into()), Some(i32::MAX.into())),
        "int64" => (Some(i64::MIN), Some(i64::MAX)),
        _ => (None, None),
    }
}

/// Converts a float without a fraction to an integer: an attribute may have written `120.0` for `120`.
fn integral(number: Number) -> Number {
    match number.as_f64() {
        // Both types represent every integer of this size exactly.
        #[allow(clippy::cast_possible_truncation, reason = "bounded by the guard")]
        Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() < 9e15 => {
            Number::from(value as i64)
        }
        _ => number,
    }
}

/// Parses the limits of a string.
pub(super) fn text_rules(schema: &Map<String, Value>) -> StringRules {
    let text = |key: &str| schema.get(key).and_then(Value::as_str).map(str::to_owned);
    StringRules {
        min: schema.get("minLength").and_then(Value::as_u64),
        max: schema.get("maxLength").and_then(Value::as_u64),
        pattern: text("pattern"),
        format: text("format"),
    }
}
