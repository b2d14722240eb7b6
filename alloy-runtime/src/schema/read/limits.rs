//! The limits of numbers and texts.

use serde_json::{Map, Number, Value};

use crate::schema::{Bound, Range, TextRules};

/// The bounds of a number.
pub(super) fn range(schema: &Map<String, Value>) -> Range {
    let natural = schema
        .get("format")
        .and_then(Value::as_str)
        .map(natural_limits);
    let (natural_min, natural_max) = natural.unwrap_or_default();
    let bound = |inclusive: &str, exclusive: &str, natural: Option<i64>| {
        let number = |key: &str| schema.get(key).and_then(Value::as_number).cloned();
        let (value, exclusive) = match number(exclusive) {
            Some(value) => (value, true),
            None => (number(inclusive)?, false),
        };
        let natural = !exclusive && value.as_i64().is_some() && value.as_i64() == natural;
        Some(Bound {
            value: whole(value),
            exclusive,
            natural,
        })
    };
    Range {
        natural: (natural_min, natural_max),
        min: bound("minimum", "exclusiveMinimum", natural_min),
        max: bound("maximum", "exclusiveMaximum", natural_max),
    }
}

/// The limits of Rust's integer types, by the `format` that schemars gives them.
fn natural_limits(format: &str) -> (Option<i64>, Option<i64>) {
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

/// `120.0`, which the schema of an attribute may hold, as `120`.
fn whole(number: Number) -> Number {
    match number.as_f64() {
        // Every whole number of this size is exact in both types.
        #[allow(clippy::cast_possible_truncation, reason = "bounded by the guard")]
        Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() < 9e15 => {
            Number::from(value as i64)
        }
        _ => number,
    }
}

/// The rules of a text.
pub(super) fn text_rules(schema: &Map<String, Value>) -> TextRules {
    let text = |key: &str| schema.get(key).and_then(Value::as_str).map(str::to_owned);
    TextRules {
        min: schema.get("minLength").and_then(Value::as_u64),
        max: schema.get("maxLength").and_then(Value::as_u64),
        pattern: text("pattern"),
        format: text("format"),
    }
}
