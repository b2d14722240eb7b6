//! Numbers within the limits of a schema.

use serde_json::{Number, Value};

use super::random::Random;
use crate::schema::{Bound, Range};

/// The span up to which all numbers of a range are equally likely. In a wider one, small numbers are likelier.
const MAX_EVEN_SPAN: u128 = 1000;
/// Number of multiples that are tried.
const MAX_TRIES: u32 = 32;
/// Largest factor that is tried to make a fractional step an integer.
const MAX_FACTOR: u32 = 10_000;

/// Generates an integer within a range.
///
/// # Errors
///
/// No integer is in the range.
pub(super) fn integer(range: &Range, random: &mut Random) -> Result<Value, String> {
    let (min, max) = integer_bounds(range);
    let step = integer_step(range)?;
    let (first, last) = (-(-min).div_euclid(step), max.div_euclid(step));
    if first > last {
        return Err(format!("no integer is {}", describe(range)));
    }
    let value = near_zero(first, last, random).saturating_mul(step);
    let number = i64::try_from(value).map(Number::from);
    let number = number.or_else(|_| u64::try_from(value).map(Number::from));
    number
        .map(Value::Number)
        .map_err(|_| format!("JSON has no integer that is {}", describe(range)))
}

/// Returns the smallest and the largest integer of a range, as far as JSON can hold them.
fn integer_bounds(range: &Range) -> (i128, i128) {
    let (implied_min, implied_max) = range.implied;
    let mut min = i128::from(implied_min.unwrap_or(i64::MIN));
    let mut max = match (implied_min, implied_max) {
        (_, Some(max)) => i128::from(max),
        (Some(0), None) => i128::from(u64::MAX),
        // A signed type, unless the schema names a larger number.
        (_, None) if min_is_large(range) => i128::from(u64::MAX),
        (_, None) => i128::from(i64::MAX),
    };
    if let Some(bound) = &range.min {
        let (value, is_whole) = whole(&bound.value, f64::ceil);
        min = min.max(value + i128::from(bound.exclusive && is_whole));
    }
    if let Some(bound) = &range.max {
        let (value, is_whole) = whole(&bound.value, f64::floor);
        max = max.min(value - i128::from(bound.exclusive && is_whole));
    }
    (min, max)
}

/// Returns `true` if the lower bound is an integer that only an unsigned type can hold.
fn min_is_large(range: &Range) -> bool {
    let min = range.min.as_ref().and_then(|bound| bound.value.as_i128());
    min.is_some_and(|min| min > i128::from(i64::MAX))
}

/// Returns a bound as an integer, and `true` if it is one.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a float that is too large becomes the largest integer"
)]
fn whole(value: &Number, round: fn(f64) -> f64) -> (i128, bool) {
    match value.as_i128() {
        Some(value) => (value, true),
        None => {
            let float = value.as_f64().unwrap_or(0.0);
            let limit = 2_f64.powi(100);
            let rounded = round(float).clamp(-limit, limit);
            (rounded as i128, float.fract() == 0.0)
        }
    }
}

/// Returns the distance of two neighbouring integers that satisfy `multipleOf`.
fn integer_step(range: &Range) -> Result<i128, String> {
    let Some(multiple) = &range.multiple_of else {
        return Ok(1);
    };
    if let Some(multiple) = multiple.as_i128() {
        return Ok(multiple.abs().max(1));
    }
    let multiple = multiple.as_f64().unwrap_or(1.0).abs();
    let is_multiple = |step: &u32| {
        let times = f64::from(*step) / multiple;
        (times - times.round()).abs() <= times.max(1.0) * 1e-9
    };
    let step = (1..=MAX_FACTOR).find(is_multiple);
    step.map(i128::from)
        .ok_or_else(|| format!("no integer was found that is {}", describe(range)))
}

/// Chooses an integer from `first` to `last`. In a wide range it is near zero more often than not.
fn near_zero(first: i128, last: i128, random: &mut Random) -> i128 {
    let add =
        |base: i128, offset: u128| base.saturating_add(i128::try_from(offset).unwrap_or(i128::MAX));
    let span = last.abs_diff(first);
    if span <= MAX_EVEN_SPAN {
        return add(first, random.below(span + 1));
    }
    let base = 0.clamp(first, last);
    let (below, above) = (base.abs_diff(first), last.abs_diff(base));
    let is_below = below > 0 && (above == 0 || random.one_in(4));
    let reach = if is_below { below } else { above };
    let limit = match random.one_in(2) {
        true => 100,
        false => {
            let bits = 128 - reach.leading_zeros();
            (1_u128 << random.number(1, bits.min(126))) - 1
        }
    };
    let offset = random.below(limit.min(reach) + 1);
    match is_below {
        true => base.saturating_sub(i128::try_from(offset).unwrap_or(i128::MAX)),
        false => add(base, offset),
    }
}

/// Generates a number within a range, with as few decimal places as possible.
///
/// # Errors
///
/// No number is in the range.
pub(super) fn number(range: &Range, random: &mut Random) -> Result<Value, String> {
    let none = || format!("no number is {}", describe(range));
    let float = |bound: &Option<Bound>| bound.as_ref().and_then(|bound| bound.value.as_f64());
    let (mut min, mut max) = (float(&range.min), float(&range.max));
    if range.is_f32 {
        let limit = f64::from(f32::MAX);
        min = min.map(|min| min.max(-limit));
        max = max.map(|max| max.min(limit));
    }
    let step = range.multiple_of.as_ref().and_then(Number::as_f64);
    let step = step.map(f64::abs).filter(|step| *step > 0.0);
    let span = |bound: f64| bound.abs().max(step.unwrap_or(0.0) * 2.0).max(1000.0);
    let (low, high) = match (min, max) {
        (Some(min), Some(max)) => (min, max),
        (Some(min), None) => (min, min + span(min)),
        (None, Some(max)) if max > 0.0 => (0.0, max),
        (None, Some(max)) => (max - span(max), max),
        (None, None) if random.one_in(4) => (-1000.0, 0.0),
        (None, None) => (0.0, 1000.0),
    };
    let is_within = |value: f64| {
        let is_exclusive = |bound: &Option<Bound>| bound.as_ref().is_some_and(|b| b.exclusive);
        let above = min.is_none_or(|min| value > min || value >= min && !is_exclusive(&range.min));
        let below = max.is_none_or(|max| value < max || value <= max && !is_exclusive(&range.max));
        value.is_finite() && above && below
    };
    let found = match step {
        // The bounds may be exclusive, so that the first choice is not valid.
        Some(step) => (0..MAX_TRIES)
            .filter_map(|_| multiple(step, low, high, random))
            .find(|value| is_within(*value)),
        None => [1, 2, 2, 4, 8, 15].into_iter().find_map(|places| {
            let share = random.fraction();
            let value = low * (1.0 - share) + high * share;
            Some(rounded(value, places)).filter(|value| is_within(*value))
        }),
    };
    let exact = [low, high, low / 2.0 + high / 2.0];
    let exact = exact.into_iter().filter(|_| step.is_none());
    let found = found.or_else(|| exact.into_iter().find(|value| is_within(*value)));
    found
        .and_then(Number::from_f64)
        .map(Value::Number)
        .ok_or_else(none)
}

/// Chooses a multiple of `step` from `low` to `high`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the result is checked against the bounds"
)]
fn multiple(step: f64, low: f64, high: f64, random: &mut Random) -> Option<f64> {
    let limit = 1e15;
    let first = (low / step - 1e-9).ceil().clamp(-limit, limit) as i128;
    let last = (high / step + 1e-9).floor().clamp(-limit, limit) as i128;
    if first > last {
        return None;
    }
    let value = near_zero(first, last, random) as f64 * step;
    // Removes the digits that a float adds: 0.1 * 3 is 0.30000000000000004.
    let mut places = [12, 9, 6].into_iter();
    let places = places.find(|places| value.abs() * 10_f64.powi(*places) < 1e15);
    Some(places.map_or(value, |places| rounded(value, places)))
}

/// Rounds a number to decimal places, as far as a float has them.
fn rounded(value: f64, places: i32) -> f64 {
    let factor = 10_f64.powi(places);
    let scaled = value * factor;
    match scaled.abs() < 1e15 {
        true => scaled.round() / factor,
        false => value,
    }
}

/// Describes a range, for an error.
fn describe(range: &Range) -> String {
    let bound = |bound: &Option<Bound>, inclusive: &str, exclusive: &str| {
        bound.as_ref().map(|bound| {
            let words = if bound.exclusive {
                exclusive
            } else {
                inclusive
            };
            format!("{words} {}", bound.value)
        })
    };
    let multiple = range.multiple_of.as_ref();
    let parts = [
        bound(&range.min, "at least", "greater than"),
        bound(&range.max, "at most", "less than"),
        multiple.map(|multiple| format!("a multiple of {multiple}")),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    match parts.is_empty() {
        true => "in the range of the type".to_owned(),
        false => parts.join(" and "),
    }
}
