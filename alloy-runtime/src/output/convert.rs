//! Lossless conversions between JSON types.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::schema::Literal;

/// Converts `"25"`, `"25.0"` and `25.0` to 25. The error names the expected type.
pub(super) fn as_integer(value: &Value) -> Result<Value, &'static str> {
    let whole = match value {
        Value::String(text) => {
            let text = text.trim();
            let read: Result<Number, _> = text.parse::<i64>().map(Number::from);
            let read = read.or_else(|_| text.parse::<u64>().map(Number::from));
            let without_zeros = || {
                let (integer, zeros) = text.split_once('.')?;
                let is_whole = !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0');
                integer.parse::<i64>().ok().filter(|_| is_whole)
            };
            let float = || serde_json::from_str::<Number>(text).ok();
            let read = read.ok().or_else(|| Some(without_zeros()?.into()));
            read.or_else(|| whole_float(&float()?))
        }
        Value::Number(number) => whole_float(number),
        _ => None,
    };
    whole.map(Value::Number).ok_or("an integer")
}

/// Converts a float without a fraction to an integer. One whose digits a float cannot hold has lost some of them.
fn whole_float(number: &Number) -> Option<Number> {
    let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
    // `Display` writes all digits of the number, with zeros for those that a float cannot tell.
    let exact: i128 = float.to_string().parse().ok()?;
    #[allow(clippy::cast_possible_truncation, reason = "compared with the digits")]
    let is_exact = float as i128 == exact;
    // Above 2^53 a float may stand for another integer that was written: 9007199254740993.0 is read as the one before.
    // With up to 15 digits before the zeros, as in 1e18, it is the one that was written.
    let digits = exact.unsigned_abs().to_string();
    let is_certain = exact.unsigned_abs() < 1 << 53 || digits.trim_end_matches('0').len() <= 15;
    let integer = || Some(Number::from(i64::try_from(exact).ok()?));
    let integer = integer().or_else(|| Some(Number::from(u64::try_from(exact).ok()?)));
    integer.filter(|_| is_exact && is_certain)
}

/// Converts a scalar to a literal of the same text: 1 to `"1"`, `" red "` to `"red"`.
pub(super) fn as_literal(value: &Value, literals: &[Literal]) -> Option<Value> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let wanted = text(value)?;
    // 7.0 is 7.
    let is_equal = |literal: &Value| match (value, literal) {
        (Value::Number(left), Value::Number(right)) => {
            compare(left, right) == Some(Ordering::Equal)
        }
        (_, literal) => text(literal).as_ref() == Some(&wanted),
    };
    let mut literals = literals.iter().map(|literal| &literal.value);
    literals.find(|literal| is_equal(literal)).cloned()
}

/// Converts `"0.5"` to 0.5.
pub(super) fn as_number(value: &Value) -> Result<Value, &'static str> {
    let number = value.as_str().and_then(|text| {
        // Only JSON's own syntax for numbers: no `+1`, `.5` or `inf`.
        serde_json::from_str::<Number>(text.trim()).ok()
    });
    number.map(Value::Number).ok_or("a number")
}

/// Converts `"true"` and `"false"` to booleans.
pub(super) fn as_boolean(value: &Value) -> Result<Value, &'static str> {
    match value.as_str().map(str::trim) {
        // Python writes them with a capital letter.
        Some("true" | "True" | "TRUE") => Ok(Value::Bool(true)),
        Some("false" | "False" | "FALSE") => Ok(Value::Bool(false)),
        _ => Err("true or false"),
    }
}

/// Returns `true` if a number is a multiple of another, exactly if both are integers.
pub(super) fn is_multiple(number: &Number, of: &Number) -> bool {
    match (number.as_i128(), of.as_i128()) {
        (_, Some(0)) => true,
        (Some(number), Some(of)) => number % of == 0,
        _ => match (number.as_f64(), of.as_f64()) {
            (Some(number), Some(of)) => {
                let times = number / of;
                // Decimal fractions such as 0.1 have no exact float.
                (times - times.round()).abs() <= times.abs().max(1.0) * 1e-9
            }
            _ => true,
        },
    }
}

/// Compares two numbers, exactly if both are integers.
pub(super) fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    let whole = |number: &Number| number.as_i128();
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}
