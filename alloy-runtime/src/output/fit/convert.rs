//! Values that say the same in another JSON type. Nothing is guessed, and nothing is lost.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// `"25"`, and `25.0`, as 25; the error is what was expected.
pub(super) fn as_integer(value: &Value) -> Result<Value, &'static str> {
    let whole = match value {
        Value::String(text) => {
            let text = text.trim();
            let read: Result<Number, _> = text.parse::<i64>().map(Number::from);
            read.or_else(|_| text.parse::<u64>().map(Number::from)).ok()
        }
        #[allow(
            clippy::cast_possible_truncation,
            reason = "whole, and exact at this size"
        )]
        Value::Number(number) => number
            .as_f64()
            .filter(|float| float.fract() == 0.0 && float.abs() < 9e15)
            .map(|float| Number::from(float as i64)),
        _ => None,
    };
    whole.map(Value::Number).ok_or("an integer")
}

pub(super) fn as_number(value: &Value) -> Result<Value, &'static str> {
    let number = value.as_str().and_then(|text| {
        // Only what JSON itself would take for a number.
        serde_json::from_str::<Number>(text.trim()).ok()
    });
    number.map(Value::Number).ok_or("a number")
}

pub(super) fn as_boolean(value: &Value) -> Result<Value, &'static str> {
    match value.as_str().map(str::trim) {
        Some("true") => Ok(Value::Bool(true)),
        Some("false") => Ok(Value::Bool(false)),
        _ => Err("true or false"),
    }
}

/// Which of two numbers is larger.
pub(super) fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    let whole = |number: &Number| number.as_i128();
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}
