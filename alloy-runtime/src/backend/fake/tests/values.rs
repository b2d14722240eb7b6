//! Values of types: each feature of a schema.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::outcome;
use crate::Output;

/// Makes up values of a type with several seeds. Each is valid without a repair.
async fn values<T: Output>() -> Vec<(T, Value)> {
    let mut values = Vec::new();
    for seed in 0..40 {
        let outcome = outcome::<T>(seed).await;
        assert!(
            outcome.repairs.is_empty(),
            "{}: {:?}",
            outcome.text,
            outcome.repairs
        );
        let json = serde_json::from_str(&outcome.text).unwrap();
        values.push((outcome.value, json));
    }
    values
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Order {
    #[schemars(regex(pattern = "^[A-Z]{2}-[0-9]{4}$"))]
    code: String,
    #[schemars(range(min = 1, max = 9))]
    count: u8,
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1.0))]
    rate: f64,
    #[schemars(length(min = 2, max = 4), inner(length(max = 5)))]
    tags: Vec<String>,
    #[schemars(email)]
    email: String,
    #[schemars(extend("uniqueItems" = true), length(min = 3))]
    days: Vec<Day>,
    place: (u8, String),
    note: Option<String>,
    prices: BTreeMap<String, f32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
}

#[tokio::test]
async fn limits_are_kept() {
    let values = values::<Order>().await;
    for (order, _) in &values {
        let (letters, digits) = order.code.split_once('-').unwrap();
        assert_eq!((letters.len(), digits.len()), (2, 4));
        assert!((1..=9).contains(&order.count));
        assert!(order.rate > 0.0 && order.rate <= 1.0);
        assert!((2..=4).contains(&order.tags.len()));
        assert!(order.tags.iter().all(|tag| tag.len() <= 5));
        assert!(order.email.contains('@'));
        let days: BTreeSet<Day> = order.days.iter().copied().collect();
        assert!(days.len() == order.days.len() && days.len() >= 3);
        assert!(!order.place.1.is_empty());
        assert!(order.prices.values().all(|price| price.is_finite()));
    }
    let some = |is: fn(&Order) -> bool| values.iter().any(|(order, _)| is(order));
    assert!(some(|order| order.note.is_none()) && some(|order| order.note.is_some()));
    assert!(some(|order| order.prices.is_empty()) && some(|order| order.prices.len() > 1));
    assert!(some(|order| order.place.0 > 100));
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only printed")]
enum Figure {
    Circle { radius: f64 },
    Named(String),
    Pair(u8, u8),
    Empty,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "type")]
#[allow(dead_code, reason = "only printed")]
enum Tagged {
    Click { x: i32 },
    Quit,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only printed")]
enum Untagged {
    Number(u32),
    Text(String),
    Part { part: u8, of: u8 },
}

/// Returns the names of the variants that were made up.
fn variants<T: std::fmt::Debug>(values: &[(T, Value)]) -> BTreeSet<String> {
    let shown = values.iter().map(|(value, _)| format!("{value:?}"));
    let names = shown.map(|shown| shown.split([' ', '(']).next().unwrap().to_owned());
    names.collect()
}

#[tokio::test]
async fn every_alternative_is_possible() {
    let figures = variants(&values::<Figure>().await);
    assert_eq!(figures.len(), 4, "{figures:?}");
    assert_eq!(variants(&values::<Tagged>().await).len(), 2);
    assert_eq!(variants(&values::<Untagged>().await).len(), 3);
    assert_eq!(variants(&values::<Day>().await).len(), 4);
    assert_eq!(variants(&values::<Option<u8>>().await).len(), 2);
    assert_eq!(variants(&values::<bool>().await).len(), 2);
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Tree {
    label: String,
    children: Vec<Tree>,
    left: Option<Box<Tree>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
enum Expression {
    Number(i64),
    Sum(Box<Expression>, Box<Expression>),
    Call {
        name: String,
        arguments: Vec<Expression>,
    },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Book {
    chapters: BTreeMap<String, Chapter>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Chapter {
    #[schemars(length(min = 1))]
    parts: Vec<Part>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
enum Part {
    Text(String),
    Chapter(Chapter),
    Book(Box<Book>),
}

/// Contains itself in every value.
#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct Endless {
    next: Box<Endless>,
}

#[tokio::test]
async fn recursion_ends() {
    let trees = values::<Tree>().await;
    let nested = |(tree, _): &(Tree, Value)| !tree.children.is_empty() && tree.left.is_some();
    assert!(trees.iter().any(nested));
    assert!(
        trees
            .iter()
            .all(|(_, json)| json.to_string().len() < 100_000)
    );
    assert_eq!(variants(&values::<Expression>().await).len(), 3);
    values::<Book>().await;
    let error = super::command::<Endless>(super::seeded(0), "Invent it")
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("the type contains itself in every value"),
        "{error}"
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Maps {
    unsigned: BTreeMap<u8, bool>,
    signed: HashMap<i8, Option<bool>>,
    days: BTreeMap<Day, u8>,
    #[schemars(extend("minProperties" = 2, "maxProperties" = 3))]
    counted: BTreeMap<String, u8>,
    letters: BTreeMap<char, u8>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[tokio::test]
async fn maps_have_keys_of_their_type() {
    let values = values::<Maps>().await;
    assert!(
        values
            .iter()
            .all(|(maps, _)| (2..=3).contains(&maps.counted.len()))
    );
    let some = |is: fn(&Maps) -> bool| values.iter().any(|(maps, _)| is(maps));
    assert!(some(|maps| maps.unsigned.len() > 1) && some(|maps| maps.signed.len() > 1));
    assert!(some(|maps| maps.days.len() > 1) && some(|maps| !maps.rest.is_empty()));
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Hinted {
    #[schemars(example = "ann@example.org", example = "bob@example.org")]
    email: String,
    #[serde(default = "five")]
    count: u8,
    /// An empty default is not used.
    #[serde(default)]
    #[schemars(length(min = 1))]
    tags: Vec<String>,
    #[schemars(example = 7)]
    size: Option<u8>,
    #[schemars(extend("const" = "v1"))]
    version: String,
    #[schemars(extend("enum" = ["low", "high"]))]
    level: String,
}

fn five() -> u8 {
    5
}

#[tokio::test]
async fn examples_and_defaults_come_first() {
    let values = values::<Hinted>().await;
    for (hinted, _) in &values {
        assert!(["ann@example.org", "bob@example.org"].contains(&&*hinted.email));
        assert_eq!((hinted.count, hinted.size), (5, Some(7)));
        assert!(!hinted.tags.is_empty());
        assert_eq!(hinted.version, "v1");
        assert!(["low", "high"].contains(&&*hinted.level));
    }
    let bob = |(hinted, _): &(Hinted, Value)| hinted.email.starts_with("bob");
    assert!(values.iter().any(bob) && !values.iter().all(bob));
    // A value that was rejected is not repeated.
    let command = super::command::<Hinted>(super::seeded(0), "Invent it");
    let command = command.ensured(|hinted, broken| {
        if hinted.count == 5 {
            broken.push("the count is not 5");
        }
    });
    assert_ne!(command.retry(20).await.unwrap().count, 5);
}

/// An example that the type does not accept.
#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Misled {
    #[schemars(example = "two hundred")]
    count: u8,
    #[schemars(example = 7, range(min = 10))]
    size: u8,
}

#[tokio::test]
async fn an_invalid_example_is_not_used() {
    for (misled, _) in values::<Misled>().await {
        assert!(misled.size >= 10, "{misled:?}");
    }
}

/// Reads a number from its text, which its schema does not say.
#[derive(Debug, PartialEq)]
struct Digits(u32);

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Digits {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digits".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[tokio::test]
async fn a_text_that_its_type_parses_is_found() {
    let digits = values::<Digits>().await;
    assert!(digits.iter().any(|(digits, _)| *digits != Digits(0)));
    // A map whose keys are addresses: its schema does not say so.
    let maps = values::<BTreeMap<std::net::IpAddr, u8>>().await;
    assert!(maps.iter().any(|(map, _)| !map.is_empty()));
}

#[tokio::test]
async fn any_json_is_made_up() {
    let values = values::<Value>().await;
    let any = |is: fn(&Value) -> bool| values.iter().any(|(value, _)| is(value));
    assert!(any(Value::is_string) && any(Value::is_object) && any(Value::is_array));
}

#[tokio::test]
async fn one_seed_gives_one_value() {
    for seed in [0, 1, u64::MAX] {
        let first = outcome::<Order>(seed).await.text;
        assert_eq!(first, outcome::<Order>(seed).await.text);
    }
    assert_ne!(
        outcome::<Order>(0).await.text,
        outcome::<Order>(1).await.text
    );
}
