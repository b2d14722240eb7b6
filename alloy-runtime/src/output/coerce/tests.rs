//! Tests of coercion and validation. They compare the results with those of an independent JSON Schema validator.
//!
//! The file is longer than 400 lines because only these tests use the generators of schemas and answers.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use schemars::JsonSchema;
use serde_json::{Map, Number, json};

use super::*;
use crate::schema::{Bound, Literal, Range, StringRules};
use std::collections::BTreeMap;

#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema matters")]
enum Tree {
    One { left: Box<Tree>, note: Option<u8> },
    Two { left: Box<Tree>, mark: Option<u8> },
    Three { left: Box<Tree>, tag: Option<u8> },
    Leaf(u8),
}

// Nested alternatives multiply: without a budget there would be 3^100 tries here.
#[test]
fn nested_alternatives_stop_at_the_budget() {
    let schema = Schema::for_type::<Tree>();
    let mut value = Value::from("x");
    for _ in 0..100 {
        value = json!({ "left": value });
    }
    let limits = Limits::new(&schema);
    // The type decides on the parts that were not checked.
    let result = coerce(&mut value, &schema, &limits, &mut Vec::new());
    assert_eq!(result, Ok(()));
}

// Each alternative that is tried costs time for all parts of the value, and the tries double with each level here.
#[test]
fn tried_alternatives_count_towards_the_budget() {
    #[derive(JsonSchema)]
    #[schemars(untagged)]
    #[allow(dead_code, reason = "only its schema matters")]
    enum Part {
        Group {
            inside: Box<Part>,
            title: Option<u8>,
        },
        Section {
            inside: Box<Part>,
            id: Option<u8>,
        },
        Leaf {
            #[schemars(range(max = 10))]
            n: u8,
            items: Vec<u8>,
        },
    }
    let schema = Schema::for_type::<Part>();
    // The mismatch is in the innermost value, so that each alternative of each level is tried.
    let mut value = json!({"n": 99, "items": vec![0; 1000]});
    for _ in 0..60 {
        value = json!({ "inside": value });
    }
    let limits = Limits::new(&schema);
    assert_eq!(limits.validate(&value, &schema), Ok(()));
}

// A long name is part of the path of each of many repairs.
#[test]
fn repairs_are_limited_in_number_and_length() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Lists {
        by_name: BTreeMap<String, Vec<u8>>,
    }
    let schema = Schema::for_type::<Lists>();
    let name = "n".repeat(100_000);
    let mut value = json!({"by_name": {name: vec!["1"; 10_000]}});
    let mut repairs = Vec::new();
    let result = coerce(&mut value, &schema, &Limits::new(&schema), &mut repairs);
    assert_eq!((result, repairs.len()), (Ok(()), 101));
    assert_eq!(repairs.last(), Some(&Repair::MoreNotListed));
    let length = format!("{repairs:?}").len();
    assert!(length < 100_000, "{length} bytes");
    // Unknown keys have these limits too.
    let names = (0..10_000).map(|number| (format!("{number}\u{1b}{}", "x".repeat(1000)), json!(1)));
    let mut value = Value::Object(names.collect());
    let mut repairs = Vec::new();
    drop_unknown_keys(&mut value, &schema, &mut repairs);
    assert_eq!((value, repairs.len()), (json!({}), 101));
    let shown = format!("{}", repairs[0]);
    assert!(shown.len() < 300 && !shown.contains('\u{1b}'), "{shown:?}");
}

/// Returns the coerced value and the number of repairs, or the path of the mismatch.
fn coerced<T: JsonSchema>(mut value: Value) -> Result<(Value, usize), String> {
    let schema = Schema::for_type::<T>();
    let mut repairs = Vec::new();
    match coerce(&mut value, &schema, &Limits::new(&schema), &mut repairs) {
        Ok(()) => Ok((value, repairs.len())),
        Err(mut mismatches) => Err(mismatches.remove(0).path),
    }
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct Ranged {
    #[schemars(range(max = 10))]
    n: u8,
}

// A value is not checked a second time if its schema has no limits.
#[test]
fn only_schemas_with_limits_are_validated() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Plain {
        n: u8,
        text: String,
        list: Vec<u8>,
        more: Option<u8>,
    }
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Short(#[schemars(length(max = 3))] String);
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Long(#[schemars(length(min = 3))] String);
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Few(#[schemars(length(max = 3))] Vec<u8>);
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Many(#[schemars(length(min = 3))] Vec<u8>);
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Open {
        a: Option<u8>,
        b: Option<u8>,
    }
    #[derive(JsonSchema)]
    struct Empty {}
    fn constrained<T: JsonSchema>() -> bool {
        Limits::new(&Schema::for_type::<T>()).must_check("")
    }
    assert!(!constrained::<Plain>());
    assert!(!constrained::<Empty>());
    assert!(constrained::<Ranged>());
    assert!(constrained::<Short>() && constrained::<Long>());
    assert!(constrained::<Few>() && constrained::<Many>());
    // A limit of one part makes the whole schema stricter.
    assert!(constrained::<Vec<Short>>() && constrained::<(Few, Vec<u8>)>());
    assert!(constrained::<Open>(), "its type accepts any object");
}

#[test]
fn a_list_is_rejected_for_a_struct() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Outer {
        inner: Ranged,
    }
    let schema = Schema::for_type::<Outer>();
    let limits = Limits::new(&schema);
    assert!(limits.validate(&json!({"inner": [1]}), &schema).is_err());
    assert_eq!(
        coerced::<Outer>(json!({"inner": [1]})),
        Err("inner".to_owned())
    );
}

// The arguments of tools have such fields.
#[test]
fn null_counts_as_a_missing_optional_field() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Outer {
        a: u8,
        b: u8,
    }
    let mut schema = Schema::for_type::<Outer>();
    let ShapeKind::Object { properties, .. } = &mut schema.root.kind else {
        panic!("a struct is an object");
    };
    properties[0].presence = Presence::Optional;
    let coerced = |mut value: Value| {
        let result = coerce(&mut value, &schema, &Limits::new(&schema), &mut Vec::new());
        result
            .map(|()| value)
            .map_err(|mut mismatches| mismatches.remove(0).path)
    };
    assert_eq!(coerced(json!({"a": null, "b": 1})), Ok(json!({"b": 1})));
    assert_eq!(
        coerced(json!({"a": 5, "b": 1})),
        Ok(json!({"a": 5, "b": 1}))
    );
    assert_eq!(coerced(json!({"a": 5, "b": null})), Err("b".to_owned()));
}

#[test]
fn an_alternative_without_conversions_is_preferred() {
    #[derive(JsonSchema)]
    #[schemars(untagged)]
    #[allow(dead_code, reason = "only its schema matters")]
    enum Either {
        Number { n: u8 },
        Text { n: String },
    }
    let text = json!({"n": "25"});
    assert_eq!(coerced::<Either>(text.clone()), Ok((text, 0)));
}

// The budget grows with the number of parts.
#[test]
fn long_values_are_checked_to_their_end() {
    let mut list: Vec<Value> = (0..200).map(|_| json!({"n": 1})).collect();
    list.push(json!({"n": 99}));
    assert_eq!(
        coerced::<Vec<Ranged>>(Value::Array(list.clone())),
        Err("[200].n".to_owned())
    );
    let map = list
        .into_iter()
        .enumerate()
        .map(|(key, value)| (format!("{key:03}"), value));
    let map = Value::Object(map.collect());
    assert_eq!(
        coerced::<BTreeMap<String, Ranged>>(map),
        Err("200.n".to_owned())
    );
}

#[test]
fn unknown_keys_are_removed_at_each_level() {
    let schema = Schema::for_type::<(Ranged, Vec<Ranged>)>();
    let mut value = json!([{"n": 1, "x": 2}, [{"n": 1}, {"n": 2, "y": 3}]]);
    let mut repairs = Vec::new();
    drop_unknown_keys(&mut value, &schema, &mut repairs);
    assert_eq!(value, json!([{"n": 1}, [{"n": 1}, {"n": 2}]]));
    let shown: Vec<String> = repairs.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "[0].x: the unknown key was left out",
            "[1][1].y: the unknown key was left out"
        ]
    );
}

/// Generates schemas in normal form. Their only definition is `Node`.
fn schemas() -> impl Strategy<Value = Schema> {
    (objects(shapes()), objects(shapes())).prop_map(|(root, node)| Schema {
        root,
        definitions: vec![("Node".to_owned(), node)],
        unchecked: Vec::new(),
    })
}

fn shapes() -> BoxedStrategy<Shape> {
    let leaf = prop_oneof![
        Just(ShapeKind::Any),
        Just(ShapeKind::Null),
        Just(ShapeKind::Boolean),
        ranges().prop_map(ShapeKind::Integer),
        ranges().prop_map(ShapeKind::Number),
        texts().prop_map(ShapeKind::Text),
        prop::collection::vec(literals(), 1..4).prop_map(ShapeKind::Literals),
        Just(ShapeKind::Named("Node".to_owned())),
    ];
    leaf.prop_map(Shape::from)
        .prop_recursive(3, 24, 4, |inner| {
            let bound = prop::option::of(0..3_u64);
            let lists = (inner.clone(), bound.clone(), bound).prop_map(|(items, min, max)| {
                Shape::from(ShapeKind::List {
                    items: Box::new(items),
                    min,
                    max: max.map(|max| max + min.unwrap_or(0)),
                    unique: false,
                })
            });
            let several = prop::collection::vec(inner.clone(), 1..4);
            prop_oneof![
                lists,
                several
                    .clone()
                    .prop_map(|items| ShapeKind::Tuple(items).into()),
                several.prop_map(|options| ShapeKind::Union(options).into()),
                inner.clone().prop_map(|additional| {
                    Shape::from(ShapeKind::Object {
                        properties: Vec::new(),
                        additional: Some(Box::new(additional)),
                        keys: None,
                        count: (None, None),
                        denies_unknown: false,
                    })
                }),
                objects(inner),
            ]
        })
        .boxed()
}

/// Generates objects with at least one required property: without one, any object is accepted.
fn objects(inner: BoxedStrategy<Shape>) -> impl Strategy<Value = Shape> {
    let required = prop::bool::weighted(0.8);
    let more = prop::collection::vec((inner.clone(), required), 0..3);
    let additional = prop::option::weighted(0.2, inner.clone().prop_map(Box::new));
    (inner, more, additional).prop_map(|(first, more, additional)| {
        let all = [(first, true)].into_iter().chain(more).zip(["a", "b", "c"]);
        let properties = all.map(|((shape, required), name)| Property {
            name: name.to_owned(),
            shape,
            presence: match required {
                true => Presence::Required,
                false => Presence::Nullable,
            },
        });
        ShapeKind::Object {
            properties: properties.collect(),
            additional,
            keys: None,
            count: (None, None),
            denies_unknown: false,
        }
        .into()
    })
}

fn ranges() -> impl Strategy<Value = Range> {
    let bound = || {
        let value = prop_oneof![
            (-3..4_i64).prop_map(Number::from),
            Just(Number::from_f64(0.5).unwrap()),
            Just(Number::from(u64::MAX)),
        ];
        let exclusive = prop::bool::weighted(0.3);
        prop::option::of((value, exclusive).prop_map(|(value, exclusive)| Bound {
            value,
            exclusive,
            implied: false,
        }))
    };
    (bound(), bound()).prop_map(|(min, max)| Range {
        min,
        max,
        ..Range::default()
    })
}

fn texts() -> impl Strategy<Value = StringRules> {
    let length = || prop::option::of(0..4_u64);
    let pattern = prop::option::of(prop::sample::select(vec![
        "^[a-c]+$",
        "^a{2,3}$",
        "^(x|ü)*$",
    ]));
    (length(), length(), pattern).prop_map(|(min, max, pattern)| StringRules {
        min,
        max,
        pattern: pattern.map(str::to_owned),
        format: None,
    })
}

fn literals() -> impl Strategy<Value = Literal> {
    scalars().prop_map(|value| Literal {
        value,
        description: None,
        is_checked: true,
    })
}

fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-4..5_i64).prop_map(Value::from),
        prop::sample::select(vec![0.5, 2.0, -1.5, 1e12]).prop_map(Value::from),
        Just(Value::from(u64::MAX)),
        prop::sample::select(vec!["", "a", "aa", "abc", "ü", "xü", "2", "true", "null"])
            .prop_map(Value::from),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    scalars().prop_recursive(3, 16, 4, |inner| {
        let keys = prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys, inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Generates answers that mostly match `shape`, with an occasional random value for a part. `depth` limits recursive
/// schemas.
fn answers(shape: &Shape, schema: &Schema, depth: u32) -> BoxedStrategy<Value> {
    if depth == 0 {
        return values().boxed();
    }
    let below = |shape: &Shape| answers(shape, schema, depth - 1);
    let matching = match &schema.resolve(shape).kind {
        ShapeKind::Any | ShapeKind::Named(_) => values().boxed(),
        ShapeKind::Null => Just(Value::Null).boxed(),
        ShapeKind::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        ShapeKind::Integer(_) | ShapeKind::Number(_) | ShapeKind::Text(_) => scalars().boxed(),
        ShapeKind::Literals(literals) => {
            let values = literals.iter().map(|literal| literal.value.clone());
            prop::sample::select(values.collect::<Vec<_>>()).boxed()
        }
        ShapeKind::List { items, .. } => prop::collection::vec(below(items), 0..4)
            .prop_map(Value::from)
            .boxed(),
        ShapeKind::Tuple(items) => items
            .iter()
            .map(below)
            .collect::<Vec<_>>()
            .prop_map(Value::from)
            .boxed(),
        ShapeKind::Union(options) => {
            let options: Vec<_> = options.iter().map(below).collect();
            prop::sample::select(options)
                .prop_flat_map(|option| option)
                .boxed()
        }
        ShapeKind::Object {
            properties,
            additional,
            ..
        } => {
            let fields = properties.iter().map(|property| {
                let there = if property.presence == Presence::Required {
                    0.95
                } else {
                    0.5
                };
                let value = prop::option::weighted(there, below(&property.shape));
                (Just(property.name.clone()), value)
            });
            let more = match additional {
                Some(additional) => prop::option::weighted(0.5, below(additional)).boxed(),
                None => prop::option::weighted(0.05, values()).boxed(),
            };
            let more = (Just("d".to_owned()), more);
            let fields: Vec<_> = fields.collect();
            (fields, more)
                .prop_map(|(mut fields, more)| {
                    fields.push(more);
                    let there = fields
                        .into_iter()
                        .filter_map(|(name, value)| Some((name, value?)));
                    Value::Object(there.collect::<Map<_, _>>())
                })
                .boxed()
        }
    };
    prop_oneof![15 => matching, 1 => values()].boxed()
}

/// Removes the keywords that the type's deserializer checks: required and additional properties.
fn relaxed(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(keywords) => {
            let is_object = keywords.get("type").is_some_and(|name| name == "object");
            if is_object {
                keywords.shift_remove("required");
                if keywords.get("additionalProperties") == Some(&json!(false)) {
                    keywords.shift_remove("additionalProperties");
                }
            }
            for value in keywords.values_mut() {
                *value = relaxed(value.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = relaxed(item.take());
            }
        }
        _ => {}
    }
    schema
}

/// Minimum number of generated schemas, each with one answer.
const CASES: u32 = 3000;

// G6 G10: an answer that matches the schema is accepted, and each accepted answer meets the limits of the schema.
#[test]
fn coercion_agrees_with_a_json_schema_validator() {
    // The random numbers have a fixed seed. `PROPTEST_CASES` sets a higher number of cases.
    let mut config = Config::default();
    config.cases = config.cases.max(CASES);
    config.failure_persistence = None;
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let (mut valid, mut rejected) = (0_u32, 0_u32);
    let cases = schemas().prop_flat_map(|schema| {
        let answers = answers(&schema.root, &schema, 5);
        (Just(schema), answers)
    });
    let counts = std::cell::RefCell::new((&mut valid, &mut rejected));
    runner
        .run(&cases, |(schema, answer)| {
            let wire = schema.to_server_schema();
            let strict = jsonschema::draft202012::new(&wire).unwrap();
            let loose = jsonschema::draft202012::new(&relaxed(wire.clone())).unwrap();
            let mut coerced = answer.clone();
            let result = coerce(
                &mut coerced,
                &schema,
                &Limits::new(&schema),
                &mut Vec::new(),
            );
            if strict.is_valid(&answer) {
                *counts.borrow_mut().0 += 1;
                prop_assert!(result.is_ok(), "{wire} accepts {answer}: {result:?}");
                prop_assert!(same(&answer, &coerced), "{answer} became {coerced}");
                // A type chooses one of the alternatives, and that one is checked, whether another fits or not.
                let checked = Limits::new(&schema).validate(&answer, &schema);
                let has_alternatives = wire.to_string().contains("anyOf");
                prop_assert!(
                    checked.is_ok() || has_alternatives,
                    "{wire} accepts {answer}: {checked:?}"
                );
            }
            match result {
                Ok(()) => prop_assert!(
                    loose.is_valid(&coerced),
                    "{wire} rejects {answer} as {coerced}"
                ),
                Err(mismatches) => {
                    *counts.borrow_mut().1 += 1;
                    prop_assert!(!mismatches.is_empty());
                    for Mismatch { path, problem } in mismatches {
                        prop_assert!(!path.is_empty() && !problem.is_empty());
                    }
                }
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    // Both results must be frequent.
    let often = CASES / 10;
    assert!(valid > often && rejected > often, "{valid} {rejected}");
}

/// Returns `true` if two values are equal, where 2.0 equals 2.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let known = |name: &String, value: &Value| {
                right.get(name).is_some_and(|other| same(value, other))
            };
            left.len() == right.len() && left.iter().all(|(name, value)| known(name, value))
        }
        (left, right) => left == right,
    }
}
