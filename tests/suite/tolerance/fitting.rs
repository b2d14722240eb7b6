//! Coercion: JSON is converted to the type where nothing is lost, and never guessed.

use std::collections::BTreeMap;

use alloy_tests::server::Said;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{AROUND, USER, User, reads, rejects, user};

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mood {
    Positive,
    Negative,
}

// G4
#[tokio::test]
async fn a_bare_value_is_accepted_for_the_wrapped_one() {
    let bare = "the bare value was taken for the one that was asked for";
    reads(Said::new("25"), 25_u8, &[bare]).await;
    reads(Said::new("\"positive\""), Mood::Positive, &[bare]).await;
    reads(Said::new("positive"), Mood::Positive, &[bare]).await;
    reads(Said::new("[1, 2]"), vec![1_u8, 2], &[bare]).await;
    reads(Said::new("null"), None::<u8>, &[bare]).await;
    reads(Said::new(USER), Some(user()), &[bare]).await;
    rejects::<Vec<u8>>(
        r#"{"numbers":[1]}"#,
        "the object has none of the fields `value`",
    )
    .await;
}

// G5
#[tokio::test]
async fn equal_values_of_another_type_are_converted() {
    reads(
        Said::new(r#"{"name":"Jason","age":"25"}"#),
        user(),
        &["age: \"25\" was read as 25"],
    )
    .await;
    reads(
        Said::new(r#"{"name":"Jason","age":25.0}"#),
        user(),
        &["age: 25.0 was read as 25"],
    )
    .await;
    reads(
        Said::new(r#"{"value":[" 1.5 ", 2]}"#),
        vec![1.5, 2.0],
        &["value[0]: \" 1.5 \" was read as 1.5"],
    )
    .await;
    reads(
        Said::new(r#"{"value":"true"}"#),
        true,
        &["value: \"true\" was read as true"],
    )
    .await;
    // A variant that accepts the value without conversion is preferred.
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum Id {
        Number(i64),
        Text(String),
    }
    reads(Said::new(r#"{"value":"25"}"#), Id::Text("25".into()), &[]).await;
}

// G5: no conversion guesses.
#[tokio::test]
async fn lossy_conversions_are_rejected() {
    let user = async |text: &str, problem: &str| rejects::<User>(text, problem).await;
    user(
        r#"{"name":"Jason","age":3.9}"#,
        "age: expected an integer, found 3.9",
    )
    .await;
    user(
        r#"{"name":["Jason"],"age":3}"#,
        "name: expected a string, found a list",
    )
    .await;
    user(r#"{"name":7,"age":3}"#, "name: expected a string, found 7").await;
    user(
        r#"{"name":"Jason","age":null}"#,
        "age: expected an integer, found null",
    )
    .await;
    user(
        r#"{"name":"Jason","age":"256"}"#,
        "age: expected an integer from 0 to 255, found 256",
    )
    .await;
    user(
        &format!("Either {USER} or {{\"name\":\"Ann\",\"age\":25}}"),
        "expected one JSON value, found two, and they differ",
    )
    .await;
    rejects::<bool>(
        r#"{"value":"maybe"}"#,
        "expected true or false, found \"maybe\"",
    )
    .await;
    rejects::<bool>(r#"{"value":1}"#, "expected true or false, found 1").await;
    rejects::<Mood>(
        r#"{"value":"great"}"#,
        "expected one of \"positive\", \"negative\", found \"great\"",
    )
    .await;
    rejects::<Option<Mood>>(
        r#"{"value":"great"}"#,
        "expected one of \"positive\", \"negative\" or null, found \"great\"",
    )
    .await;
    rejects::<(u8, u8)>(r#"{"value":[1]}"#, "expected a list of 2, found one of 1").await;
    rejects::<BTreeMap<String, u8>>(r#"{"a":1,"b":"x"}"#, "b: expected an integer, found \"x\"")
        .await;
}

#[tokio::test]
async fn unknown_keys_are_dropped_even_with_deny_unknown_fields() {
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        name: String,
        inner: Vec<Inner>,
    }
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        city: String,
    }
    let value = Strict {
        name: "a".into(),
        inner: vec![Inner { city: "b".into() }],
    };
    reads(
        Said::new(r#"{"name":"a","inner":[{"city":"b","zip":1}],"more":2}"#),
        value,
        &[
            "inner[0].zip: the unknown key was left out",
            "more: the unknown key was left out",
        ],
    )
    .await;
    // An alias of a field is not an unknown key.
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Aliased {
        #[serde(alias = "full_name")]
        name: String,
        age: u8,
    }
    let value = Aliased {
        name: "a".into(),
        age: 1,
    };
    reads(Said::new(r#"{"full_name":"a","age":1}"#), value, &[]).await;
}

// G10
#[tokio::test]
async fn an_object_with_none_of_the_fields_is_rejected() {
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Note {
        title: Option<String>,
        text: Option<String>,
    }
    rejects::<Note>(
        r#"{"error":"I cannot help"}"#,
        "the object has none of the fields `title`, `text`",
    )
    .await;
    rejects::<Vec<Note>>(
        r#"{"value":[{"title":"a"},{}]}"#,
        "[1]: the object has none of the fields `title`, `text`",
    )
    .await;
    let value = Note {
        title: Some("a".into()),
        text: None,
    };
    reads(Said::new(r#"{"title":"a"}"#), value, &[]).await;
}

#[tokio::test]
async fn the_last_of_duplicate_keys_wins() {
    reads(
        Said::new(r#"{"name":"Tom","age":25,"name":"Jason"}"#),
        user(),
        &["a key was repeated; its last value was used"],
    )
    .await;
}

// E3: at any position, and together with other repairs.
#[tokio::test]
async fn duplicate_keys_are_always_reported() {
    let twice = "a key was repeated; its last value was used";
    let text = r#"{"age":"25","name":"Tom","name":"Jason"}"#;
    reads(
        Said::new(text),
        user(),
        &[twice, "age: \"25\" was read as 25"],
    )
    .await;
    let text = r#"Here: {"age":1,"age":25,"name":"Jason"}"#;
    reads(Said::new(text), user(), &[AROUND, twice]).await;
}

// Serde accepts more than the schema says: aliases, `other`. That holds with limits on other fields, and in a fence.
#[tokio::test]
async fn serde_attributes_of_the_type_apply() {
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Color {
        Red,
        #[serde(alias = "grün")]
        Green,
        #[serde(other)]
        Other,
    }
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Thing {
        color: Color,
        #[serde(alias = "c")]
        #[schemars(range(max = 10))]
        count: u8,
        id: u128,
    }
    let thing = |color| Thing {
        color,
        count: 1,
        id: 36_893_488_147_419_103_233,
    };
    for (text, color) in [("grün", Color::Green), ("zzz", Color::Other)] {
        let json = format!(r#"{{"color":"{text}","c":1,"id":36893488147419103233}}"#);
        reads(Said::new(&json), thing(color), &[]).await;
    }
    let fenced = "```\n{\"color\":\"zzz\",\"count\":1,\"id\":7}\n```";
    let value = Thing {
        id: 7,
        ..thing(Color::Other)
    };
    reads(Said::new(fenced), value, &[AROUND]).await;
    reads(Said::new("{}"), BTreeMap::<Color2, u8>::new(), &[]).await;
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
enum Color2 {
    Red,
    Green,
}
