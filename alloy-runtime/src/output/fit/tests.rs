//! The checker, held against a validator that others wrote.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use schemars::JsonSchema;
use serde_json::{Map, Number, json};

use super::*;
use crate::schema::Literal;

#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema matters")]
enum Tree {
    One { left: Box<Tree>, note: Option<u8> },
    Two { left: Box<Tree>, mark: Option<u8> },
    Three { left: Box<Tree>, tag: Option<u8> },
    Leaf(u8),
}

// Alternatives that nest in alternatives multiply: three to the power of a hundred tries here.
#[test]
fn a_value_that_fits_many_alternatives_is_given_up_on() {
    let schema = Schema::of::<Tree>();
    let mut value = Value::from("x");
    for _ in 0..100 {
        value = json!({ "left": value });
    }
    let rules = Rules::of(&schema);
    // What is not tried is left to the type.
    let fits = rules.fit(&mut value, &schema, &mut Vec::new());
    assert_eq!(fits, Ok(()));
}

// An alternative that is tried costs a copy of all that is in it, and copies double with each level here.
#[test]
fn copies_of_what_may_be_one_of_several_are_counted() {
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
    let schema = Schema::of::<Part>();
    // What is wrong is wrong in the innermost: each alternative of each level is tried.
    let mut value = json!({"n": 99, "items": vec![0; 1000]});
    for _ in 0..60 {
        value = json!({ "inside": value });
    }
    let rules = Rules::of(&schema);
    assert_eq!(rules.hold(&value, &schema), Ok(()));
}

// A long name, and many values below it: what was repaired is told in as much as anybody reads.
#[test]
fn repairs_take_no_more_room_than_the_answer() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Lists {
        by_name: BTreeMap<String, Vec<u8>>,
    }
    let schema = Schema::of::<Lists>();
    let name = "n".repeat(100_000);
    let mut value = json!({"by_name": {name: vec!["1"; 10_000]}});
    let mut repairs = Vec::new();
    let fits = Rules::of(&schema).fit(&mut value, &schema, &mut repairs);
    assert_eq!((fits, repairs.len()), (Ok(()), 101));
    assert_eq!(repairs.last(), Some(&Repair::More));
    let length = format!("{repairs:?}").len();
    assert!(length < 100_000, "{length} bytes");
    // Keys that the type does not know likewise.
    let names = (0..10_000).map(|number| (format!("{number}\u{1b}{}", "x".repeat(1000)), json!(1)));
    let mut value = Value::Object(names.collect());
    let mut repairs = Vec::new();
    Rules::drop_unknown(&mut value, &schema, &mut repairs);
    assert_eq!((value, repairs.len()), (json!({}), 101));
    let told = format!("{}", repairs[0]);
    assert!(told.len() < 300 && !told.contains('\u{1b}'), "{told:?}");
}

/// What the rules make of a value: itself, brought into shape, or where it is wrong.
fn fitted<T: JsonSchema>(mut value: Value) -> Result<(Value, usize), String> {
    let schema = Schema::of::<T>();
    let mut repairs = Vec::new();
    match Rules::of(&schema).fit(&mut value, &schema, &mut repairs) {
        Ok(()) => Ok((value, repairs.len())),
        Err(misfit) => Err(misfit.path),
    }
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct Ranged {
    #[schemars(range(max = 10))]
    n: u8,
}

// A type without limits of its own is not looked at a second time.
#[test]
fn only_what_the_schema_limits_is_checked_again() {
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
        Rules::of(&Schema::of::<T>()).constrained
    }
    assert!(!constrained::<Plain>());
    assert!(!constrained::<Empty>());
    assert!(constrained::<Ranged>());
    assert!(constrained::<Short>() && constrained::<Long>());
    assert!(constrained::<Few>() && constrained::<Many>());
    // A limit inside is one of the whole, whatever stands beside it.
    assert!(constrained::<Vec<Short>>() && constrained::<(Few, Vec<u8>)>());
    assert!(constrained::<Open>(), "any object would be one");
}

#[test]
fn a_list_is_no_struct() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Outer {
        inner: Ranged,
    }
    let schema = Schema::of::<Outer>();
    let rules = Rules::of(&schema);
    assert!(rules.hold(&json!({"inner": [1]}), &schema).is_err());
    assert_eq!(
        fitted::<Outer>(json!({"inner": [1]})),
        Err("inner".to_owned())
    );
}

// As the arguments of a tool have it.
#[test]
fn null_is_taken_for_a_field_that_may_be_left_out() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Outer {
        a: u8,
        b: u8,
    }
    let mut schema = Schema::of::<Outer>();
    let Kind::Object { properties, .. } = &mut schema.root.kind else {
        panic!("a struct is an object");
    };
    properties[0].presence = Presence::Omittable;
    let fitted = |mut value: Value| {
        let fits = Rules::of(&schema).fit(&mut value, &schema, &mut Vec::new());
        fits.map(|()| value).map_err(|misfit| misfit.path)
    };
    assert_eq!(fitted(json!({"a": null, "b": 1})), Ok(json!({"b": 1})));
    assert_eq!(fitted(json!({"a": 5, "b": 1})), Ok(json!({"a": 5, "b": 1})));
    assert_eq!(fitted(json!({"a": 5, "b": null})), Err("b".to_owned()));
}

#[test]
fn an_alternative_that_takes_a_value_as_it_is_comes_first() {
    #[derive(JsonSchema)]
    #[schemars(untagged)]
    #[allow(dead_code, reason = "only its schema matters")]
    enum Either {
        Number { n: u8 },
        Text { n: String },
    }
    let text = json!({"n": "25"});
    assert_eq!(fitted::<Either>(text.clone()), Ok((text, 0)));
}

// Each part of a value has its own tries, so that a long one is looked at to its end.
#[test]
fn long_values_are_looked_at_to_their_end() {
    let mut list: Vec<Value> = (0..200).map(|_| json!({"n": 1})).collect();
    list.push(json!({"n": 99}));
    assert_eq!(
        fitted::<Vec<Ranged>>(Value::Array(list.clone())),
        Err("[200].n".to_owned())
    );
    let map = list
        .into_iter()
        .enumerate()
        .map(|(key, value)| (format!("{key:03}"), value));
    let map = Value::Object(map.collect());
    assert_eq!(
        fitted::<BTreeMap<String, Ranged>>(map),
        Err("200.n".to_owned())
    );
}

#[test]
fn unknown_keys_are_left_out_wherever_they_stand() {
    let schema = Schema::of::<(Ranged, Vec<Ranged>)>();
    let mut value = json!([{"n": 1, "x": 2}, [{"n": 1}, {"n": 2, "y": 3}]]);
    let mut repairs = Vec::new();
    Rules::drop_unknown(&mut value, &schema, &mut repairs);
    assert_eq!(value, json!([{"n": 1}, [{"n": 1}, {"n": 2}]]));
    let told: Vec<String> = repairs.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "[0].x: the unknown key was left out",
            "[1][1].y: the unknown key was left out"
        ]
    );
}

/// Some schema of the normal form, whose only name is `Node`.
fn schemas() -> impl Strategy<Value = Schema> {
    (objects(shapes()), objects(shapes())).prop_map(|(root, node)| Schema {
        root,
        definitions: vec![("Node".to_owned(), node)],
    })
}

fn shapes() -> BoxedStrategy<Shape> {
    let leaf = prop_oneof![
        Just(Kind::Any),
        Just(Kind::Null),
        Just(Kind::Boolean),
        ranges().prop_map(Kind::Integer),
        ranges().prop_map(Kind::Number),
        texts().prop_map(Kind::Text),
        prop::collection::vec(literals(), 1..4).prop_map(Kind::Literals),
        Just(Kind::Named("Node".to_owned())),
    ];
    leaf.prop_map(Shape::from)
        .prop_recursive(3, 24, 4, |inner| {
            let bound = prop::option::of(0..3_u64);
            let lists = (inner.clone(), bound.clone(), bound).prop_map(|(items, min, max)| {
                Shape::from(Kind::List {
                    items: Box::new(items),
                    min,
                    max: max.map(|max| max + min.unwrap_or(0)),
                })
            });
            let several = prop::collection::vec(inner.clone(), 1..4);
            prop_oneof![
                lists,
                several.clone().prop_map(|items| Kind::Tuple(items).into()),
                several.prop_map(|options| Kind::Union(options).into()),
                inner.clone().prop_map(|rest| {
                    Shape::from(Kind::Object {
                        properties: Vec::new(),
                        rest: Some(Box::new(rest)),
                        keys: None,
                    })
                }),
                objects(inner),
            ]
        })
        .boxed()
}

/// Objects that ask for at least one property: one that asks for none may be anything.
fn objects(inner: BoxedStrategy<Shape>) -> impl Strategy<Value = Shape> {
    let required = prop::bool::weighted(0.8);
    let more = prop::collection::vec((inner.clone(), required), 0..3);
    let rest = prop::option::weighted(0.2, inner.clone().prop_map(Box::new));
    (inner, more, rest).prop_map(|(first, more, rest)| {
        let all = [(first, true)].into_iter().chain(more).zip(["a", "b", "c"]);
        let properties = all.map(|((shape, required), name)| Property {
            name: name.to_owned(),
            shape,
            presence: match required {
                true => Presence::Needed,
                false => Presence::Open,
            },
        });
        Kind::Object {
            properties: properties.collect(),
            rest,
            keys: None,
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
            natural: false,
        }))
    };
    (bound(), bound()).prop_map(|(min, max)| Range {
        min,
        max,
        ..Range::default()
    })
}

fn texts() -> impl Strategy<Value = TextRules> {
    let length = || prop::option::of(0..4_u64);
    let pattern = prop::option::of(prop::sample::select(vec![
        "^[a-c]+$",
        "^a{2,3}$",
        "^(x|ü)*$",
    ]));
    (length(), length(), pattern).prop_map(|(min, max, pattern)| TextRules {
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

/// Answers that are mostly what `shape` asks for, with something else in the place of a part now and then.
/// `depth` ends what contains itself.
fn answers(shape: &Shape, schema: &Schema, depth: u32) -> BoxedStrategy<Value> {
    if depth == 0 {
        return values().boxed();
    }
    let below = |shape: &Shape| answers(shape, schema, depth - 1);
    let meant = match &schema.resolve(shape).kind {
        Kind::Any | Kind::Named(_) => values().boxed(),
        Kind::Null => Just(Value::Null).boxed(),
        Kind::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Integer(_) | Kind::Number(_) | Kind::Text(_) => scalars().boxed(),
        Kind::Literals(literals) => {
            let values = literals.iter().map(|literal| literal.value.clone());
            prop::sample::select(values.collect::<Vec<_>>()).boxed()
        }
        Kind::List { items, .. } => prop::collection::vec(below(items), 0..4)
            .prop_map(Value::from)
            .boxed(),
        Kind::Tuple(items) => items
            .iter()
            .map(below)
            .collect::<Vec<_>>()
            .prop_map(Value::from)
            .boxed(),
        Kind::Union(options) => {
            let options: Vec<_> = options.iter().map(below).collect();
            prop::sample::select(options)
                .prop_flat_map(|option| option)
                .boxed()
        }
        Kind::Object {
            properties, rest, ..
        } => {
            let fields = properties.iter().map(|property| {
                let there = if property.presence == Presence::Needed {
                    0.95
                } else {
                    0.5
                };
                let value = prop::option::weighted(there, below(&property.shape));
                (Just(property.name.clone()), value)
            });
            let more = match rest {
                Some(rest) => prop::option::weighted(0.5, below(rest)).boxed(),
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
    prop_oneof![15 => meant, 1 => values()].boxed()
}

/// The schema without what a type's own reader looks at: which fields are there.
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

/// How many schemas are tried, each with one answer.
const CASES: u32 = 3000;

// G6 G10: what keeps to the schema is taken, and what is taken keeps to its rules.
#[test]
fn the_checker_agrees_with_a_validator() {
    // The same cases every time; `PROPTEST_CASES` tries more.
    let mut config = Config::default();
    config.cases = config.cases.max(CASES);
    config.failure_persistence = None;
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let (mut valid, mut refused) = (0_u32, 0_u32);
    let cases = schemas().prop_flat_map(|schema| {
        let answers = answers(&schema.root, &schema, 5);
        (Just(schema), answers)
    });
    let counts = std::cell::RefCell::new((&mut valid, &mut refused));
    runner
        .run(&cases, |(schema, answer)| {
            let wire = schema.to_wire();
            let strict = jsonschema::draft202012::new(&wire).unwrap();
            let loose = jsonschema::draft202012::new(&relaxed(wire.clone())).unwrap();
            let mut fitted = answer.clone();
            let fits = Rules::of(&schema).fit(&mut fitted, &schema, &mut Vec::new());
            if strict.is_valid(&answer) {
                *counts.borrow_mut().0 += 1;
                prop_assert!(fits.is_ok(), "{wire} takes {answer}: {fits:?}");
                prop_assert!(same(&answer, &fitted), "{answer} is not {fitted}");
                let held = Rules::of(&schema).hold(&answer, &schema);
                prop_assert!(held.is_ok(), "{wire} takes {answer}: {held:?}");
            }
            match fits {
                Ok(()) => prop_assert!(
                    loose.is_valid(&fitted),
                    "{wire} does not take {answer} as {fitted}"
                ),
                Err(Misfit { path, problem }) => {
                    *counts.borrow_mut().1 += 1;
                    prop_assert!(!path.is_empty() && !problem.is_empty());
                }
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    // Both happen, and often.
    let often = CASES / 10;
    assert!(valid > often && refused > often, "{valid} {refused}");
}

/// Whether two values say the same: 2.0 is 2.
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
