//! Numbers within ranges.

#![allow(
    clippy::float_cmp,
    clippy::needless_pass_by_value,
    reason = "the numbers are exact, and a schema is written at its only use"
)]

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::backend::fake::number;
use crate::backend::fake::random::Random;
use crate::schema::{Schema, ShapeKind};

/// Generates numbers for the JSON Schema of a number, or returns the error.
fn numbers(schema: &Value) -> Result<Vec<Value>, String> {
    let arguments =
        json!({"type": "object", "properties": {"number": schema}, "required": ["number"]});
    let parsed = Schema::from_tool_arguments(&arguments);
    let shape = parsed.field("number").unwrap();
    (0..200)
        .map(|seed| {
            let random = &mut Random::new(seed);
            match &shape.kind {
                ShapeKind::Integer(range) => number::integer(range, random),
                ShapeKind::Number(range) => number::number(range, random),
                other => panic!("{other:?}"),
            }
        })
        .collect()
}

/// Checks that all numbers of a schema satisfy the reference validator and a condition.
fn check(schema: Value, is_expected: impl Fn(f64) -> bool) {
    let validator = jsonschema::validator_for(&schema).unwrap();
    let numbers = numbers(&schema).unwrap();
    for number in &numbers {
        // The reference validator is exact where a fraction has no float.
        let is_fraction = schema["multipleOf"].is_f64();
        assert!(
            is_fraction || validator.is_valid(number),
            "{schema}: {number}"
        );
        assert!(is_expected(number.as_f64().unwrap()), "{schema}: {number}");
    }
}

#[test]
fn integers_are_within_their_bounds() {
    let integer = |rules: Value| {
        let mut schema = json!({"type": "integer"});
        schema
            .as_object_mut()
            .unwrap()
            .extend(rules.as_object().unwrap().clone());
        schema
    };
    check(integer(json!({})), |value| value.fract() == 0.0);
    check(integer(json!({"minimum": 3, "maximum": 3})), |value| {
        value == 3.0
    });
    check(integer(json!({"minimum": 0, "maximum": 120})), |value| {
        (0.0..=120.0).contains(&value)
    });
    check(
        integer(json!({"exclusiveMinimum": 0, "exclusiveMaximum": 2})),
        |value| value == 1.0,
    );
    check(integer(json!({"minimum": 0.5, "maximum": 1.5})), |value| {
        value == 1.0
    });
    check(integer(json!({"minimum": -20, "maximum": -10})), |value| {
        (-20.0..=-10.0).contains(&value)
    });
    check(integer(json!({"maximum": -1_000_000})), |value| {
        value <= -1_000_000.0
    });
    check(
        integer(json!({"minimum": 1900, "maximum": 2100})),
        |value| value >= 1900.0,
    );
    check(
        integer(json!({"multipleOf": 5, "minimum": 1, "maximum": 9})),
        |value| value == 5.0,
    );
    check(integer(json!({"multipleOf": 7, "maximum": -1})), |value| {
        value < 0.0
    });
    check(
        integer(json!({"multipleOf": 2.5, "minimum": -1000, "maximum": 1000})),
        |value| value % 5.0 == 0.0,
    );
    check(
        integer(json!({"format": "uint8", "minimum": 0, "maximum": 255})),
        |value| value <= 255.0,
    );
    check(integer(json!({"format": "int32"})), |value| {
        value.abs() <= 2_147_483_648.0
    });
    let largest = u64::MAX;
    check(
        integer(json!({"format": "uint64", "minimum": largest})),
        |value| value > 1e19,
    );
    check(
        integer(json!({"format": "int64", "maximum": i64::MIN})),
        |value| value < -9e18,
    );
    for impossible in [
        json!({"minimum": 2, "maximum": 1}),
        json!({"exclusiveMinimum": 0, "exclusiveMaximum": 1}),
        json!({"multipleOf": 10, "minimum": 1, "maximum": 9}),
        json!({"format": "uint8", "minimum": 300}),
    ] {
        let error = numbers(&integer(impossible.clone())).unwrap_err();
        assert!(error.starts_with("no integer is "), "{impossible}: {error}");
    }
    let error = numbers(&integer(json!({"minimum": 2, "maximum": 1}))).unwrap_err();
    assert_eq!(error, "no integer is at least 2 and at most 1");
}

#[test]
fn wide_ranges_give_small_and_large_integers() {
    let found = numbers(&json!({"type": "integer", "format": "int64"})).unwrap();
    let found: BTreeSet<i64> = found
        .iter()
        .map(|number| number.as_i64().unwrap())
        .collect();
    assert!(found.len() > 100);
    assert!(found.iter().any(|number| *number < 0));
    let small = found
        .iter()
        .filter(|number| number.unsigned_abs() <= 100)
        .count();
    assert!(small > 30, "{small}");
    assert!(found.iter().any(|number| *number > 1_000_000));
}

#[test]
fn numbers_are_within_their_bounds() {
    let number = |rules: Value| {
        let mut schema = json!({"type": "number"});
        schema
            .as_object_mut()
            .unwrap()
            .extend(rules.as_object().unwrap().clone());
        schema
    };
    check(number(json!({})), f64::is_finite);
    check(
        number(json!({"exclusiveMinimum": 0, "maximum": 1})),
        |value| value > 0.0 && value <= 1.0,
    );
    check(number(json!({"minimum": 0.25, "maximum": 0.25})), |value| {
        value == 0.25
    });
    check(
        number(json!({"exclusiveMinimum": 0, "exclusiveMaximum": 1e-9})),
        |value| value < 1e-9,
    );
    check(
        number(json!({"minimum": -5.5, "exclusiveMaximum": -5})),
        |value| value < -5.0,
    );
    check(number(json!({"minimum": 1e300})), |value| value >= 1e300);
    check(number(json!({"maximum": -7})), |value| value <= -7.0);
    check(
        number(json!({"minimum": -1.7e308, "maximum": 1.7e308})),
        f64::is_finite,
    );
    let too_large = number(json!({"format": "float", "minimum": 1e39, "maximum": 1e40}));
    assert!(numbers(&too_large).is_err());
}

#[test]
fn multiples_are_within_their_bounds() {
    let check_multiple = |rules: Value, step: f64| {
        check(rules, |value| {
            (value / step - (value / step).round()).abs() < 1e-9
        });
    };
    check_multiple(json!({"type": "number", "multipleOf": 0.1}), 0.1);
    check_multiple(
        json!({"type": "number", "multipleOf": 0.01, "minimum": 0, "maximum": 1}),
        0.01,
    );
    check_multiple(
        json!({"type": "number", "multipleOf": 5000, "minimum": 1}),
        5000.0,
    );
    let rules = json!({"type": "number", "multipleOf": 0.5, "exclusiveMinimum": 0, "maximum": 0.5});
    check(rules, |value| value == 0.5);
    let error = numbers(&json!({"type": "number", "multipleOf": 10, "minimum": 1, "maximum": 9}));
    let error = error.unwrap_err();
    assert_eq!(
        error,
        "no number is at least 1 and at most 9 and a multiple of 10"
    );
}
