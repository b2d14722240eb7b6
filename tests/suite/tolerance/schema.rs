//! Limits that only the schema states, and types whose alternatives differ by their fields.

use std::collections::{BTreeMap, HashMap};

use alloy_runtime::{ErrorKind, Warning};
use alloy_tests::server::{Reply, Said, Server};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{answer, reads, rejects};

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Ticket {
    #[schemars(extend("enum" = ["low", "high"]))]
    level: String,
    #[schemars(extend("const" = "v1"))]
    version: String,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Contact {
    #[schemars(extend("format" = "email"))]
    email: String,
    #[schemars(url)]
    page: Option<String>,
    #[schemars(extend("format" = "date"))]
    on: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Steps {
    #[schemars(extend("multipleOf" = 5))]
    width: i64,
    #[schemars(extend("multipleOf" = 0.1))]
    share: f64,
    #[schemars(extend("uniqueItems" = true))]
    tags: Vec<String>,
    #[schemars(extend("minProperties" = 1, "maxProperties" = 2))]
    by_name: BTreeMap<String, u8>,
}

// A server that does not enforce the schema sends anything.
#[tokio::test]
async fn limits_of_the_schema_alone_are_checked() {
    rejects::<Ticket>(
        r#"{"level":"middle","version":"v1"}"#,
        "level: expected one of \"low\", \"high\", found \"middle\"",
    )
    .await;
    rejects::<Ticket>(
        r#"{"level":"low","version":"v2"}"#,
        "version: expected \"v1\", found \"v2\"",
    )
    .await;
    let ticket = Ticket {
        level: "low".into(),
        version: "v1".into(),
    };
    reads(Said::new(r#"{"level":"low","version":"v1"}"#), ticket, &[]).await;

    let ticket = Ticket {
        level: "low".into(),
        version: "v1".into(),
    };
    let repair = "level: \" low\" was read as \"low\"";
    reads(
        Said::new(r#"{"level":" low","version":"v1"}"#),
        ticket,
        &[repair],
    )
    .await;

    let contact = async |email: &str, page: &str, on: &str, problem: &str| {
        let text = serde_json::json!({"email": email, "page": page, "on": on}).to_string();
        rejects::<Contact>(&text, problem).await;
    };
    let (email, page, on) = ("ann@example.com", "https://example.com", "2026-11-29");
    contact(
        "ann",
        page,
        on,
        "email: expected an email address, found \"ann\"",
    )
    .await;
    contact(
        email,
        "example",
        on,
        "page: expected a URL with its scheme, found \"example\"",
    )
    .await;
    contact(
        email,
        page,
        "tomorrow",
        "on: expected a date, YYYY-MM-DD, found \"tomorrow\"",
    )
    .await;

    let steps = async |width: i64, share: f64, tags: &[&str], names: &[&str], problem: &str| {
        let by_name: BTreeMap<_, _> = names.iter().map(|name| (*name, 1)).collect();
        let text =
            serde_json::json!({"width": width, "share": share, "tags": tags, "by_name": by_name});
        rejects::<Steps>(&text.to_string(), problem).await;
    };
    let (tags, names) = (["a", "b"], ["x"]);
    steps(
        7,
        0.3,
        &tags,
        &names,
        "width: expected an integer that is a multiple of 5, found 7",
    )
    .await;
    steps(
        5,
        0.35,
        &tags,
        &names,
        "share: expected a number that is a multiple of 0.1, found 0.35",
    )
    .await;
    steps(
        5,
        0.3,
        &["a", "a"],
        &names,
        "tags: expected items that differ, found \"a\" twice",
    )
    .await;
    steps(
        5,
        0.3,
        &tags,
        &[],
        "by_name: expected at least 1 entry, found 0",
    )
    .await;
    steps(
        5,
        0.3,
        &tags,
        &["x", "y", "z"],
        "by_name: expected at most 2 entries, found 3",
    )
    .await;
}

#[tokio::test]
async fn all_problems_are_told_at_once() {
    rejects::<Steps>(
        r#"{"width":7,"share":"x","tags":["a","a"],"by_name":{"x":"y"}}"#,
        "width: expected an integer that is a multiple of 5, found 7; share: expected a number, found \"x\"; tags: expected items that differ, found \"a\" twice; by_name.x: expected an integer, found \"y\"",
    )
    .await;
    let many = vec![r#""x""#; 30].join(",");
    let server = Server::start([Reply::answer(&format!(r#"{{"value":[{many}]}}"#))]);
    let command = answer::<Vec<u8>>().auto_finalize_missing_output(false);
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!(error.to_string().matches("expected an integer").count(), 10);
    assert_eq!(error.path(), Some("[0]"));
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Day {
    on: chrono::NaiveDate,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Event {
    Start { on: chrono::NaiveDate },
    End(Day),
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Either {
    Day(Day),
    Name { name: String },
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Diary {
    events: Vec<Event>,
    #[serde(flatten)]
    day: Day,
    either: Option<Either>,
}

// serde loses the path inside of tagged, untagged and flattened types.
#[tokio::test]
async fn a_wrong_date_has_its_path_in_any_type() {
    let check = async |text: &str, path: &str, found: &str| {
        let problem = format!("{path}: expected a date, YYYY-MM-DD, found \"{found}\"");
        rejects::<Diary>(text, &problem).await;
    };
    let day = "2026-11-29";
    for kind in ["start", "end"] {
        let text = format!(
            r#"{{"events":[{{"kind":"{kind}","on":"tomorrow"}}],"on":"{day}","either":null}}"#
        );
        check(&text, "events[0].on", "tomorrow").await;
    }
    check(r#"{"events":[],"on":"soon","either":null}"#, "on", "soon").await;
    let text = format!(r#"{{"events":[],"on":"{day}","either":{{"on":"never"}}}}"#);
    check(&text, "either.on", "never").await;
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Measure {
    Plain(f64),
    Full { value: f64, unit: String },
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Reading {
    value: Option<f64>,
    unit: String,
}

// A wrapper has that one key, and only if the object as it stands does not fit.
#[tokio::test]
async fn a_field_named_value_is_not_the_wrapper() {
    const BARE: &str = "the bare value was taken for the one that was asked for";
    let full = || Measure::Full {
        value: 2.5,
        unit: "m".into(),
    };
    reads(Said::new(r#"{"value": 2.5, "unit": "m"}"#), full(), &[BARE]).await;
    reads(
        Said::new(r#"{"value": {"value": 2.5, "unit": "m"}}"#),
        full(),
        &[],
    )
    .await;
    reads(Said::new(r#"{"value": 2.5}"#), Measure::Plain(2.5), &[]).await;
    let reading = || {
        Some(Reading {
            value: None,
            unit: "m".into(),
        })
    };
    reads(
        Said::new(r#"{"value": null, "unit": "m"}"#),
        reading(),
        &[BARE],
    )
    .await;
    reads(
        Said::new(r#"{"value": {"value": null, "unit": "m"}}"#),
        reading(),
        &[],
    )
    .await;
    reads(Said::new(r#"{"value": null}"#), None::<Reading>, &[]).await;
    // A map with this key is not a wrapper, unless the key is the only one.
    let map = |pairs: &[(&str, u8)]| {
        let pairs = pairs
            .iter()
            .map(|(name, number)| ((*name).to_owned(), *number));
        Some(pairs.collect::<BTreeMap<String, u8>>())
    };
    reads(
        Said::new(r#"{"value": 1, "b": 2}"#),
        map(&[("value", 1), ("b", 2)]),
        &[BARE],
    )
    .await;
    reads(Said::new(r#"{"value": {"a": 1}}"#), map(&[("a", 1)]), &[]).await;
    reads(Said::new(r#"{"value": 1}"#), map(&[("value", 1)]), &[BARE]).await;
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Named {
    first: String,
    last: String,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Pet {
    owner: Named,
    vets: Vec<Named>,
    rest: HashMap<String, Named>,
}

#[tokio::test]
async fn a_list_is_not_read_into_a_struct_at_any_depth() {
    let named = r#"{"first":"Lee","last":"Kim"}"#;
    let list = r#"["Lee","Kim"]"#;
    let pet = |owner: &str, vet: &str, rest: &str| {
        format!(r#"{{"owner":{owner},"vets":[{vet}],"rest":{{"a":{rest}}}}}"#)
    };
    rejects::<Pet>(
        &pet(list, named, named),
        "owner: expected an object, found a list",
    )
    .await;
    rejects::<Pet>(
        &pet(named, list, named),
        "vets[0]: expected an object, found a list",
    )
    .await;
    rejects::<Pet>(
        &pet(named, named, list),
        "rest.a: expected an object, found a list",
    )
    .await;
}

#[tokio::test]
async fn a_number_too_large_for_a_float_is_out_of_range() {
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Size {
        small: f32,
        large: f64,
    }
    rejects::<Size>(
        r#"{"small":1e39,"large":1}"#,
        "small: expected a number that fits `f32`, found 1e+39",
    )
    .await;
    let size = Size {
        small: 1e38,
        large: 1e300,
    };
    reads(Said::new(r#"{"small":1e38,"large":1e300}"#), size, &[]).await;
    reads(
        Said::new(r#"{"value":"25.0"}"#),
        25_u8,
        &["value: \"25.0\" was read as 25"],
    )
    .await;
    // A float of this size may stand for the integer before it.
    for text in [
        r#"{"value":9007199254740993.0}"#,
        r#"{"value":-9007199254740993.0}"#,
    ] {
        let server = Server::start([Reply::answer(text)]);
        let command = answer::<i64>().auto_finalize_missing_output(false);
        let error = command.host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput, "{error}");
    }
    reads(
        Said::new(r#"{"value":"9007199254740993.0"}"#),
        9_007_199_254_740_993_i64,
        &["value: \"9007199254740993.0\" was read as 9007199254740993"],
    )
    .await;
    let large = 1_000_000_000_000_000_000_i64;
    reads(
        Said::new(r#"{"value":1e18}"#),
        large,
        &["value: 1e+18 was read as 1000000000000000000"],
    )
    .await;
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Loose {
    Optional {
        a: Option<u8>,
    },
    #[allow(dead_code, reason = "the first alternative takes its objects")]
    Needed {
        b: u8,
    },
}

// serde takes the first alternative for any object; the value would say nothing.
#[tokio::test]
async fn an_alternative_takes_no_object_without_its_fields() {
    reads(
        Said::new(r#"{"value":{"a":1}}"#),
        Loose::Optional { a: Some(1) },
        &[],
    )
    .await;
    let server = Server::start([Reply::answer(r#"{"value":{"b":1}}"#)]);
    let command = answer::<Loose>().auto_finalize_missing_output(false);
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOutput, "{error}");
}

#[derive(Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
struct Point {
    x: u8,
}

#[tokio::test]
async fn a_map_with_keys_that_are_structs_is_a_configuration_error() {
    async fn check<T: alloy_runtime::Output + std::fmt::Debug>() {
        let error = answer::<T>().preview().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("struct Point"), "{error}");
        assert!(error.help().contains("list of pairs"), "{}", error.help());
        // Nothing is sent.
        let server = Server::start([]);
        let error = answer::<T>().host(server.host()).await.unwrap_err();
        assert_eq!(error.requests(), 0);
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "never read")]
    struct Grid {
        name: String,
        cells: Vec<HashMap<Point, u32>>,
    }
    check::<HashMap<Point, u32>>().await;
    check::<Grid>().await;
    check::<Option<HashMap<Point, u32>>>().await;
    // No text is a variant of this enum: each has data.
    #[derive(Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
    enum Shape {
        Round(u8),
        Square(u8),
    }
    let error = answer::<Vec<HashMap<Shape, u32>>>().preview().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(
        error
            .to_string()
            .contains("has an enum with data as its key"),
        "{error}"
    );
    #[derive(Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
    enum Part {
        All,
        Some(u8),
    }
    assert!(answer::<HashMap<Part, u32>>().preview().is_ok());
    for preview in [
        answer::<HashMap<String, u32>>().preview(),
        answer::<HashMap<u8, u32>>().preview(),
        answer::<HashMap<uuid::Uuid, u32>>().preview(),
        answer::<BTreeMap<bool, u32>>().preview(),
    ] {
        assert!(preview.is_ok());
    }
}

#[tokio::test]
async fn a_key_that_its_type_rejects_is_quoted() {
    let server = Server::start([Reply::answer(r#"{"first":1}"#)]);
    let command = answer::<HashMap<uuid::Uuid, u8>>().auto_finalize_missing_output(false);
    let error = command.host(server.host()).await.unwrap_err();
    assert!(
        error.to_string().ends_with("found the key \"first\""),
        "{error}"
    );
}

// The last value counts, and the outcome says so.
#[tokio::test]
async fn a_key_that_stands_twice_in_a_map_is_a_repair() {
    let map = BTreeMap::from([("a".to_owned(), 2_u8)]);
    let repair = "a key was repeated; its last value was used";
    reads(Said::new(r#"{"a":1,"a":2}"#), map, &[repair]).await;
    let json = serde_json::json!({"a": 2});
    reads(Said::new(r#"{"a":1,"a":2}"#), json, &[repair]).await;
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
enum Grade {
    #[serde(rename = "A*")]
    Star,
    A,
    #[serde(rename = "1")]
    One,
    #[serde(rename = "true")]
    Yes,
}

#[tokio::test]
async fn a_label_is_read_as_it_is_written() {
    let bare = "the bare value was taken for the one that was asked for";
    reads(Said::new("A*"), Grade::Star, &[bare]).await;
    reads(Said::new("A"), Grade::A, &[bare]).await;
    reads(Said::new("1"), Grade::One, &[bare]).await;
    reads(Said::new("true"), Grade::Yes, &[bare]).await;
    reads(Said::new("A*"), Some(Grade::Star), &[bare]).await;
    reads(
        Said::new(r#"{"value":1}"#),
        Grade::One,
        &["value: 1 was read as \"1\""],
    )
    .await;
    reads(
        Said::new(r#"{"value":" A "}"#),
        Grade::A,
        &["value: \" A \" was read as \"A\""],
    )
    .await;
    let around = super::AROUND;
    reads(Said::new("```\nA*\n```"), Grade::Star, &[around, bare]).await;
    reads(Said::new("```json\n42\n```"), 42_u8, &[around, bare]).await;
}

#[tokio::test]
async fn an_image_that_is_none_is_reported() {
    for (bytes, found) in [
        (b"cat.png".to_vec(), "it is the text \"cat.png\""),
        (b"iVBORw0KGgo=".to_vec(), "it is the text \"iVBORw0KGgo=\""),
        (
            b"<html></html>".to_vec(),
            "it is the text \"<html></html>\"",
        ),
    ] {
        let server = Server::start([]);
        let command = answer::<String>().image(bytes).host(server.host());
        let error = command.await.unwrap_err();
        assert_eq!(
            (error.kind(), error.requests()),
            (ErrorKind::Configuration, 0)
        );
        assert!(error.to_string().contains(found), "{error}");
    }
    let seeing = alloy_tests::server::Installed::new("m").able("vision");
    let server = Server::with_installed([seeing], [Reply::answer("A cat")]);
    let command = answer::<String>().image(vec![0_u8, 1, 2, 3]);
    let outcome = command.host(server.host()).outcome().await.unwrap();
    assert_eq!(outcome.warnings, [Warning::UnknownImageFormat]);
    for (bytes, is_common) in [
        (&b"GIF89a\x01\x00"[..], false),
        (b"\x89PNG\r\n\x1a\n", true),
        (b"II*\x00\x08\x00", false),
        (b"RIFF\x00\x00\x00\x00WEBP", true),
    ] {
        let seeing = alloy_tests::server::Installed::new("m").able("vision");
        let server = Server::with_installed([seeing], [Reply::answer("A cat")]);
        let command = answer::<String>().image(bytes.to_vec());
        let warnings = command
            .host(server.host())
            .outcome()
            .await
            .unwrap()
            .warnings;
        assert_eq!(warnings.is_empty(), is_common, "{warnings:?}");
    }
}
