//! Types with alternatives: the value and what was checked are the same alternative, and a mismatch inside of one has its
//! path.

use alloy_tests::server::Said;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{reads, rejects};

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Named {
    first: String,
    last: String,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Owner {
    Person(Named),
    Number(u32),
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
enum Holder {
    Person(Named),
    Company { title: String },
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    Person(Named),
    Company { title: String },
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
enum External {
    Person(Named),
    Nobody,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Pet {
    maybe: Option<Named>,
    owner: Owner,
    holder: Holder,
    adjacent: Adjacent,
    external: External,
}

#[tokio::test]
async fn a_list_is_not_read_into_a_struct_in_an_alternative() {
    let right = serde_json::json!({
        "maybe": null,
        "owner": {"first": "Lee", "last": "Kim"},
        "holder": {"kind": "Person", "first": "Lee", "last": "Kim"},
        "adjacent": {"kind": "Person", "of": {"first": "Lee", "last": "Kim"}},
        "external": {"Person": {"first": "Lee", "last": "Kim"}},
    });
    let named = || Named {
        first: "Lee".into(),
        last: "Kim".into(),
    };
    let pet = Pet {
        maybe: None,
        owner: Owner::Person(named()),
        holder: Holder::Person(named()),
        adjacent: Adjacent::Person(named()),
        external: External::Person(named()),
    };
    reads(Said::new(&right.to_string()), pet, &[]).await;
    for (field, list, problem) in [
        (
            "maybe",
            r#"["Lee","Kim"]"#,
            "maybe: expected an object with `first`, `last` or null, found a list",
        ),
        (
            "owner",
            r#"["Lee","Kim"]"#,
            "owner: expected an object with `first`, `last` or an integer, found a list",
        ),
        (
            "holder",
            r#"["Person","Lee","Kim"]"#,
            "holder: expected an object with `kind`, `first`, `last` or an object with `kind`, `title`, found a list",
        ),
        (
            "holder",
            r#"["Company","Lee"]"#,
            "holder: expected an object with `kind`, `first`, `last` or an object with `kind`, `title`, found a list",
        ),
        (
            "adjacent",
            r#"{"kind":"Person","of":["Lee","Kim"]}"#,
            "adjacent.of: expected an object, found a list",
        ),
        (
            "adjacent",
            r#"["Person",{"first":"Lee","last":"Kim"}]"#,
            "adjacent: expected an object with `kind`, `of`, found a list",
        ),
        (
            "external",
            r#"{"Person":["Lee","Kim"]}"#,
            "external.Person: expected an object, found a list",
        ),
    ] {
        let mut wrong = right.clone();
        wrong[field] = serde_json::from_str(list).unwrap();
        rejects::<Pet>(&wrong.to_string(), problem).await;
    }
    rejects::<Option<Named>>(
        r#"{"value":["Lee","Kim"]}"#,
        "expected an object with `first`, `last` or null, found a list",
    )
    .await;
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
enum Event {
    Start(Day),
    End { on: chrono::NaiveDate, note: String },
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "of")]
enum Step {
    Start(Day),
    End { on: chrono::NaiveDate, note: String },
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
enum Stop {
    Start(Day),
    End {
        #[schemars(length(max = 3))]
        note: String,
        on: String,
    },
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Day {
    #[schemars(extend("format" = "date"))]
    on: String,
    #[schemars(range(max = 23))]
    hour: u32,
}

#[tokio::test]
async fn a_mismatch_in_an_alternative_has_its_path() {
    let date = "expected a date, YYYY-MM-DD, found \"tomorrow\"";
    rejects::<Vec<Event>>(
        r#"{"value":[{"Start":{"on":"tomorrow","hour":1}}]}"#,
        &format!("[0].Start.on: {date}"),
    )
    .await;
    rejects::<Vec<Event>>(
        r#"{"value":[{"End":{"on":"tomorrow","note":"x"}}]}"#,
        &format!("[0].End.on: {date}"),
    )
    .await;
    rejects::<Vec<Step>>(
        r#"{"value":[{"kind":"Start","of":{"on":"tomorrow","hour":1}}]}"#,
        &format!("[0].of.on: {date}"),
    )
    .await;
    rejects::<Vec<Step>>(
        r#"{"value":[{"kind":"Start","of":{"on":"2026-11-29","hour":24}}]}"#,
        "[0].of.hour: expected an integer from 0 to 23, found 24",
    )
    .await;
    rejects::<Vec<Stop>>(
        r#"{"value":[{"kind":"Start","on":"2026-02-30","hour":1}]}"#,
        "[0].on: expected a date, YYYY-MM-DD, found \"2026-02-30\"",
    )
    .await;
    rejects::<Vec<Stop>>(
        r#"{"value":[{"kind":"End","note":"long","on":"x"}]}"#,
        "[0].note: expected at most 3 characters, found 4",
    )
    .await;
    // The date of one alternative is any text in the other.
    let end = Stop::End {
        note: "a".into(),
        on: "soon".into(),
    };
    reads(
        Said::new(r#"{"value":[{"kind":"End","note":"a","on":"soon"}]}"#),
        vec![end],
        &[],
    )
    .await;
    // A tag that is right is not what is wrong.
    rejects::<Vec<Stop>>(
        r#"{"value":[{"kind":"Start","on":"tomorrow"}]}"#,
        &format!("[0].on: {date}; [0]: missing field `hour`"),
    )
    .await;
    rejects::<Vec<Stop>>(
        r#"{"value":[{"kind":"Begin","on":"tomorrow"}]}"#,
        "[0].kind: expected one of \"Start\", \"End\", found \"Begin\"",
    )
    .await;
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Size {
    Short(Short),
    Full {
        #[schemars(range(max = 10))]
        width: u32,
        #[schemars(range(max = 10))]
        height: u32,
    },
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Short {
    width: u32,
}

// serde takes the second alternative, since the first rejects the other field.
#[tokio::test]
async fn an_alternative_that_denies_unknown_fields_is_not_the_one_that_is_checked() {
    rejects::<Size>(
        r#"{"value":{"width":1,"height":11}}"#,
        "height: expected an integer from 0 to 10, found 11",
    )
    .await;
    reads(
        Said::new(r#"{"value":{"width":11}}"#),
        Size::Short(Short { width: 11 }),
        &[],
    )
    .await;
    let full = Size::Full {
        width: 1,
        height: 2,
    };
    reads(Said::new(r#"{"value":{"width":1,"height":2}}"#), full, &[]).await;
}

// An object that says why there is no value is not the absence of one.
#[tokio::test]
async fn a_null_beside_other_fields_is_not_the_wrapper() {
    for other in [r#""error":"I cannot""#, r#""reason":null"#, r#""unit":"m""#] {
        let text = format!(r#"{{"value":null,{other}}}"#);
        rejects_any::<Option<u8>>(&text).await;
        rejects_any::<Option<Vec<String>>>(&text).await;
        rejects_any::<Option<Named>>(&text).await;
    }
    reads(Said::new(r#"{"value":null}"#), None::<u8>, &[]).await;
    reads(Said::new(r#"{"value":3}"#), Some(3_u8), &[]).await;
}

async fn rejects_any<T: alloy_runtime::Output + std::fmt::Debug>(text: &str) {
    let server = alloy_tests::server::Server::start([alloy_tests::server::Reply::answer(text)]);
    let command = super::answer::<T>().auto_finalize_missing_output(false);
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!(
        error.kind(),
        alloy_runtime::ErrorKind::InvalidOutput,
        "{text}"
    );
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Level(String);

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
enum Color {
    Red,
    Green,
    Blue,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Ticket {
    #[schemars(extend("enum" = ["low", "high"]))]
    level: Level,
    #[schemars(extend("enum" = ["Red", "Green"]))]
    color: Color,
    #[schemars(extend("const" = "Blue"))]
    other: Color,
    #[schemars(extend("enum" = ["low", null]))]
    maybe: Option<String>,
}

// The type of a field is a definition, beside which the limit stands.
#[tokio::test]
async fn values_that_only_the_schema_lists_are_checked() {
    let ticket = |level: &str, color: &str, other: &str, maybe: &str| {
        format!(r#"{{"level":"{level}","color":"{color}","other":"{other}","maybe":{maybe}}}"#)
    };
    let value = Ticket {
        level: Level("low".into()),
        color: Color::Green,
        other: Color::Blue,
        maybe: None,
    };
    reads(
        Said::new(&ticket("low", "Green", "Blue", "null")),
        value,
        &[],
    )
    .await;
    for (text, problem) in [
        (
            ticket("middle", "Green", "Blue", "null"),
            "level: expected one of \"low\", \"high\", found \"middle\"",
        ),
        (
            ticket("low", "Blue", "Blue", "null"),
            "color: expected one of \"Red\", \"Green\", found \"Blue\"",
        ),
        (
            ticket("low", "Red", "Red", "null"),
            "other: expected \"Blue\", found \"Red\"",
        ),
        (
            ticket("low", "Red", "Blue", "\"high\""),
            "maybe: expected one of \"low\", null, found \"high\"",
        ),
    ] {
        rejects::<Ticket>(&text, problem).await;
    }
}
