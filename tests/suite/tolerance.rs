//! Answers that are not quite what was asked for: what is read, what was done to it, and what is refused.

use std::collections::BTreeMap;
use std::fmt::Debug;

use alloy_runtime::{ErrorKind, Output, command};
use alloy_tests::server::{Reply, Said, Server};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::ROUTES;

#[command("Answer", model = "m")]
async fn answer<T: Output>() -> T;

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct User {
    name: String,
    age: u8,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mood {
    Positive,
    Negative,
}

fn user() -> User {
    User {
        name: "Jason".into(),
        age: 25,
    }
}

/// Reads an answer on both routes; each says the same.
async fn reads<T: Output + PartialEq + Debug>(said: Said, value: T, repairs: &[&str]) {
    for api in ROUTES {
        let server = Server::start([Reply::said(&said)]);
        let command = answer::<T>().api(api).host(server.host());
        let outcome = command.outcome().await.unwrap();
        assert_eq!(outcome.value, value, "{said:?}");
        let done: Vec<_> = outcome.repairs.iter().map(ToString::to_string).collect();
        assert_eq!(done, repairs, "{said:?}");
    }
}

async fn refuses<T: Output + Debug>(text: &str, problem: &str) {
    let server = Server::start([Reply::answer(text)]);
    let command = answer::<T>().auto_finalize_missing_output(false);
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOutput, "{text}: {error}");
    let told = error.to_string();
    let (_, told) = told.split_once("`: ").unwrap();
    assert_eq!(told, problem, "{text}");
    assert_eq!(error.partial_text(), Some(text));
}

const USER: &str = r#"{"name":"Jason","age":25}"#;
const AROUND: &str = "the text around the JSON was left out";

// G4
#[tokio::test]
async fn what_surrounds_the_json_is_left_out() {
    let check = async |text: &str, repairs: &[&str]| {
        let text = text.replace("USER", USER);
        reads(Said::new(&text), user(), repairs).await;
    };
    check("USER", &[]).await;
    check(" \n USER\n", &[]).await;
    check("```json\nUSER\n```", &[AROUND]).await;
    check("Here is {the} user:\n\nUSER\n\nIs there more?", &[AROUND]).await;
    check("{USER", &["a doubled brace was left out"]).await;
    check("{ USER }", &["a doubled brace was left out"]).await;
    let thought = "thinking text was left out of the answer";
    check("<think>\nHm, {}.\n</think>\nUSER", &[thought]).await;
    check("Hm.\n</think>\nUSER", &[thought]).await;
    check("<think>x</think>```\nUSER\n```", &[thought, AROUND]).await;
}

// G4
#[tokio::test]
async fn the_answer_is_found_in_the_thinking_field() {
    let said = Said::new("").thinking(USER);
    reads(said, user(), &["the answer was found in the thinking text"]).await;
}

// G4
#[tokio::test]
async fn a_bare_value_is_taken_for_the_wrapped_one() {
    let bare = "the bare value was taken for the one that was asked for";
    reads(Said::new("25"), 25_u8, &[bare]).await;
    reads(Said::new("\"positive\""), Mood::Positive, &[bare]).await;
    reads(Said::new("positive"), Mood::Positive, &[bare]).await;
    reads(Said::new("[1, 2]"), vec![1_u8, 2], &[bare]).await;
    reads(Said::new("null"), None::<u8>, &[bare]).await;
    reads(Said::new(USER), Some(user()), &[bare]).await;
    refuses::<Vec<u8>>(
        r#"{"numbers":[1]}"#,
        "the object has none of the fields `value`",
    )
    .await;
}

// G5
#[tokio::test]
async fn what_says_the_same_in_another_type_is_converted() {
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
    // What takes the value as it is comes first.
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum Id {
        Number(i64),
        Text(String),
    }
    reads(Said::new(r#"{"value":"25"}"#), Id::Text("25".into()), &[]).await;
}

// G5: never a guess.
#[tokio::test]
async fn what_would_lose_or_guess_is_refused() {
    let user = async |text: &str, problem: &str| refuses::<User>(text, problem).await;
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
        &format!("Either {USER} or {USER}"),
        "not JSON: expected value at line 1 column 1",
    )
    .await;
    refuses::<bool>(
        r#"{"value":"maybe"}"#,
        "expected true or false, found \"maybe\"",
    )
    .await;
    refuses::<bool>(r#"{"value":1}"#, "expected true or false, found 1").await;
    refuses::<Mood>(
        r#"{"value":"great"}"#,
        "expected one of \"positive\", \"negative\", found \"great\"",
    )
    .await;
    refuses::<Option<Mood>>(
        r#"{"value":"great"}"#,
        "expected one of \"positive\", \"negative\" or null, found \"great\"",
    )
    .await;
    refuses::<(u8, u8)>(r#"{"value":[1]}"#, "expected a list of 2, found one of 1").await;
    refuses::<BTreeMap<String, u8>>(r#"{"a":1,"b":"x"}"#, "b: expected an integer, found \"x\"")
        .await;
}

#[tokio::test]
async fn unknown_keys_are_dropped_even_where_the_type_refuses_them() {
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
    // A field under its other name is not unknown to the type.
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

#[tokio::test]
async fn of_a_key_that_stands_there_twice_the_last_wins() {
    reads(
        Said::new(r#"{"name":"Tom","age":25,"name":"Jason"}"#),
        user(),
        &["of a key that stood there twice, the last was taken"],
    )
    .await;
}

// G6
#[tokio::test]
async fn rules_are_enforced_where_the_server_did_not() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "refused")]
    struct Ruled {
        #[schemars(range(min = 0, max = 120))]
        age: i32,
        #[schemars(range(min = 0.5))]
        rate: f64,
        #[schemars(length(min = 3, max = 5))]
        code: String,
        #[schemars(regex(pattern = r"^\d+$"))]
        digits: String,
        #[schemars(length(min = 1))]
        tags: Vec<String>,
    }
    let good = r#"{"age":30,"rate":0.5,"code":"abc","digits":"12","tags":["x"]}"#;
    let server = Server::start([Reply::answer(good)]);
    answer::<Ruled>().host(server.host()).await.unwrap();
    let check = async |from: &str, to: &str, problem: &str| {
        refuses::<Ruled>(&good.replace(from, to), problem).await;
    };
    check(
        "30",
        "130",
        "age: expected an integer from 0 to 120, found 130",
    )
    .await;
    check(
        "0.5",
        "0.4",
        "rate: expected a number of at least 0.5, found 0.4",
    )
    .await;
    check("abc", "ab", "code: expected at least 3 characters, found 2").await;
    check(
        "abc",
        "äöüäöü",
        "code: expected at most 5 characters, found 6",
    )
    .await;
    check(
        "12",
        "1a",
        r#"digits: expected a string that matches ^\d+$, found "1a""#,
    )
    .await;
    check(r#"["x"]"#, "[]", "tags: expected at least 1 item, found 0").await;
}

// G10
#[tokio::test]
async fn an_object_without_any_of_the_fields_is_no_struct_of_optional_ones() {
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Note {
        title: Option<String>,
        text: Option<String>,
    }
    refuses::<Note>(
        r#"{"error":"I cannot help"}"#,
        "the object has none of the fields `title`, `text`",
    )
    .await;
    refuses::<Vec<Note>>(
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
async fn thinking_is_no_part_of_a_text() {
    let text = "<think>A greeting, then.</think>\n\nHello!";
    reads(
        Said::new(text),
        "Hello!".to_owned(),
        &["thinking text was left out of the answer"],
    )
    .await;
    let quoted = "Write `</think>` to end it.";
    reads(Said::new(quoted), quoted.to_owned(), &[]).await;
}

#[tokio::test]
async fn hostile_answers_are_invalid_soon() {
    let hostile = [
        "{".repeat(1_000_000),
        r#"{"a":"#.repeat(100_000),
        "[{} ".repeat(200_000),
        "</think>".repeat(100_000),
    ];
    for text in hostile {
        let server = Server::start([Reply::answer(&text)]);
        let command = answer::<User>().auto_finalize_missing_output(false);
        let error = command.host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput);
    }
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Node {
    name: String,
    parent: Option<Box<Node>>,
}

// A piece of a broken answer is not the answer.
#[tokio::test]
async fn what_is_inside_of_broken_json_is_not_taken() {
    let inner = r#"{"name":"Alice","spouse":{"name":"Bob","age":30},"age":29,}"#;
    refuses::<User>(inner, "not JSON: trailing comma at line 1 column 59").await;
    let chain = r#"{"name":"child","parent":{"name":"root","parent":null},}"#;
    refuses::<Node>(chain, "not JSON: trailing comma at line 1 column 56").await;
    for text in [
        r#"{"draft":[1,2,3], "value": nope}"#,
        "I considered [1] as source. The answer: 1, 2",
        r#"{"value":[1]"#,
    ] {
        let server = Server::start([Reply::answer(text)]);
        let command = answer::<Vec<u8>>().auto_finalize_missing_output(false);
        let error = command.host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput, "{text}");
    }
    let deep = (0..200).fold("null".to_owned(), |parent, depth| {
        format!(r#"{{"name":"{depth}","parent":{parent}}}"#)
    });
    let server = Server::start([Reply::answer(&deep)]);
    let command = answer::<Node>().auto_finalize_missing_output(false);
    let error = command.host(server.host()).await.unwrap_err();
    assert!(error.to_string().contains("recursion limit"), "{error}");
    // Cut in the middle, it is cut.
    for api in ROUTES {
        let cut = Said::new(r#"{"name":"Alice","spouse":{"name":"Bob","age":30},"ag"#).cut();
        let server = Server::start([Reply::said(&cut)]);
        let error = answer::<User>()
            .api(api)
            .host(server.host())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated);
    }
    // Words around a list on lines of its own.
    reads(
        Said::new("The numbers:\n[1, 2]\nThat is all."),
        vec![1_u8, 2],
        &[
            AROUND,
            "the bare value was taken for the one that was asked for",
        ],
    )
    .await;
}

// A draft is not the answer.
#[tokio::test]
async fn what_stands_in_the_thinking_is_not_taken() {
    for text in [
        r#"<think>maybe {"name":"Wrong","age":1}? no, I need to"#,
        "<think>a</think><think>{\"name\":\"draft\",\"age\":9}</think>\n I cannot say",
        "<think>a<think>b</think>c {\"name\":\"draft\",\"age\":9} </think>\nno answer",
    ] {
        let server = Server::start([Reply::answer(text)]);
        let command = answer::<User>().auto_finalize_missing_output(false);
        let error = command.host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput, "{text}");
    }
    let thought = "thinking text was left out of the answer";
    let nested = format!("<think>a<think>b</think>c {{}} </think>\n{USER}");
    reads(Said::new(&nested), user(), &[thought]).await;
}

// G6: a limit of a field holds whatever the field's type is.
#[tokio::test]
async fn limits_beside_a_type_with_a_name_are_held() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "refused")]
    struct Persons(u8);
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "refused")]
    struct Name(String);
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "refused")]
    struct Booking {
        #[schemars(extend("minimum" = 1, "maximum" = 6))]
        persons: Persons,
        #[schemars(extend("minLength" = 3))]
        name: Name,
        #[schemars(extend("pattern" = "^[A-Z]+$"))]
        code: Name,
        #[schemars(extend("minimum" = 5))]
        more: Option<Persons>,
    }
    let preview = answer::<Booking>().preview().unwrap();
    assert!(
        preview.messages[0]
            .content
            .contains("\"persons\": integer, // 1 to 6"),
        "{preview:?}"
    );
    let good = r#"{"persons":2,"name":"Ann","code":"AB","more":5}"#;
    let server = Server::start([Reply::answer(good)]);
    answer::<Booking>().host(server.host()).await.unwrap();
    let check = async |from: &str, to: &str, problem: &str| {
        refuses::<Booking>(&good.replace(from, to), problem).await;
    };
    check(
        ":2",
        ":99",
        "persons: expected an integer from 1 to 6, found 99",
    )
    .await;
    check("Ann", "x", "name: expected at least 3 characters, found 1").await;
    check(
        "AB",
        "ab",
        "code: expected a string that matches ^[A-Z]+$, found \"ab\"",
    )
    .await;
    check(
        ":5",
        ":1",
        "more: expected an integer from 5 to 255, found 1",
    )
    .await;
}

// G6: nor does another alternative take what breaks a limit of the one that is meant.
#[tokio::test]
async fn limits_of_alternatives_are_held() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "refused")]
    enum Either {
        Counted {
            id: u8,
            #[schemars(range(max = 10))]
            n: u8,
        },
        Noted {
            id: u8,
            note: Option<String>,
        },
    }
    refuses::<Either>(
        r#"{"value":{"id":1,"n":99}}"#,
        "n: expected an integer from 0 to 10, found 99",
    )
    .await;
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "refused")]
    enum Inner {
        Big {
            #[schemars(range(max = 10))]
            x: u8,
        },
        Small {},
        None,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "refused")]
    struct Outer {
        id: u8,
        #[serde(flatten)]
        inner: Inner,
    }
    refuses::<Outer>(
        r#"{"value":{"id":1,"Big":{"x":99}}}"#,
        "Big.x: expected an integer from 0 to 10, found 99",
    )
    .await;
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "refused")]
    struct Tags {
        #[schemars(length(min = 1))]
        tags: Vec<String>,
        #[serde(default)]
        rate: f64,
    }
    refuses::<Option<Tags>>(
        r#"{"value":{"tags":[]}}"#,
        "tags: expected at least 1 item, found 0",
    )
    .await;
    // A number that no type reads does not turn the rules off.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "refused")]
    struct Limited {
        #[schemars(range(max = 120))]
        age: u8,
    }
    refuses::<Limited>(
        r#"{"age":250,"junk":1e999}"#,
        "not JSON: number out of range at line 1 column 23",
    )
    .await;
}

// What serde takes beside the schema is taken, with limits on other fields as without, in a fence as without.
#[tokio::test]
async fn a_types_own_ways_are_its_own() {
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

// E3: wherever it stands, and whatever else was done.
#[tokio::test]
async fn a_key_that_stands_there_twice_is_always_told() {
    let twice = "of a key that stood there twice, the last was taken";
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
