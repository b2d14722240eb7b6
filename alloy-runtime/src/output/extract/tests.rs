//! Texts with JSON in them: which value is found, and which texts are rejected.

use schemars::JsonSchema;

use super::*;
use crate::output::spec::OutputSpec;

#[derive(serde::Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct Node {
    title: String,
    lead: Option<Box<Node>>,
}

#[derive(serde::Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
enum Grade {
    #[serde(rename = "A*")]
    Star,
    A,
    #[serde(rename = "1")]
    One,
}

/// Returns the value that is found as JSON, `-` for none, and the problem of an ambiguous text.
fn found<T: crate::output::Output>(text: &str) -> String {
    let spec = OutputSpec::for_type::<T>();
    let typed = spec.typed().unwrap();
    match extract(text, typed.root, &typed.schema) {
        Ok(Some(found)) => found.value.to_string(),
        Ok(None) => "-".to_owned(),
        Err(mismatch) => mismatch.problem,
    }
}

#[test]
fn a_broken_object_hides_the_objects_inside_it() {
    for text in [
        r#"{title: "Trip", lead: {"title": "Guide", "lead": null}}"#,
        r#"{'title': 'Trip', 'lead': {"title": "Guide", "lead": null}}"#,
        r#"{“title”: “Trip”, “lead”: {"title": "Guide", "lead": null}}"#,
        r#"{ /* the trip */ "title": "Trip", "lead": {"title": "Guide", "lead": null}}"#,
        r#"{"title": "Trip", ..., "lead": {"title": "Guide", "lead": null}}"#,
        r#"Node { title: "Trip", lead: Some({"title": "Guide", "lead": null}) }"#,
        r#"{title: "Trip", lead: {"title": "Guide", "lead": null}"#,
        r#"{"title": "Trip", "lead": {"title": "Guide", "lead": null}"#,
        r#"{title = "Trip", lead = {"title": "Guide", "lead": null}}"#,
        r#"[{"title": "Trip", "lead": null}, {"title": "Guide", "lead": null}"#,
        r#"{see {"title": "Guide", "lead": null}}"#,
    ] {
        assert_eq!(found::<Node>(text), "-", "{text}");
    }
}

#[test]
fn a_field_of_an_answer_in_another_notation_is_not_the_answer() {
    for text in [
        r#""title": "Trip", "lead": INNER}"#,
        r#""title": "Trip", "lead": INNER"#,
        r#""lead": INNER, "title": "Trip"}"#,
        r#"INNER, "title": "Trip"}"#,
        "title: Trip\nlead: INNER",
        "title: Trip\nlead:\n  INNER",
        "Title: Trip\nLead: INNER",
        "- title: Trip\n- **lead**: INNER",
        "**Title:** Trip\n**Lead:** INNER",
        "title = \"Trip\"\nlead = INNER",
        "lead: |\n  INNER",
        "lead: >-\n  INNER",
        "lead: !Node INNER",
        "lead: &a INNER",
        "lead:\n  - INNER",
        "lead:\n```json\nINNER\n```",
        "lead: Some(INNER)",
        "lead = Box::new(INNER)",
        "lead: new Node(INNER)",
        "lead: JSON.parse('INNER')",
        "lead -> INNER",
        "lead := INNER",
        "lead：INNER",
        "“lead”: INNER",
        "_lead_: INNER",
        "title: Trip, parent INNER",
        "Title: Trip. Its lead is\nINNER",
        "<node><title>Trip</title><lead>INNER</lead></node>",
        "<node><title>Trip</title>INNER</node>",
        r#"Node(title="Trip", lead=INNER)"#,
        r#"Node("Trip", INNER)"#,
        r#"Node("Trip :)", INNER)"#,
        "Node(title: \"Trip\", lead: Some(INNER))",
        "The answer is `{title: \"Trip\", lead: INNER}`.",
        "It`s {title: \"Trip\", lead: INNER} and that`s all.",
    ] {
        let check = |inner: &str| {
            let text = text.replace("INNER", inner);
            let found = found::<Node>(&text);
            assert!(!found.starts_with('{'), "{text}: {found}");
        };
        check(r#"{"title": "Guide", "lead": null}"#);
    }
    assert_eq!(
        found::<Option<Node>>("title: Trip\nlead: {\"title\": \"Guide\"}"),
        ENCLOSED
    );
    let user = "name: Ann\nage: 3\nfriend: {\"name\":\"Bob\",\"age\":4}";
    assert_eq!(found::<User>(user), ENCLOSED);
}

#[derive(serde::Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct User {
    name: String,
    age: u8,
}

#[test]
fn words_about_the_fields_of_an_answer_are_prose() {
    let object = r#"{"name":"Jason","age":25}"#;
    for text in [
        "OBJECT\n\nExplanation:\n- \"name\": the name of the user\n- \"age\": the age in years",
        "OBJECT\n\nI set `\"age\": 25` because the text says so.",
        "The JSON has \"name\": a string, and \"age\": a number.\n\nOBJECT",
        "I set `\"name\": \"Jason\"`.\n\nOBJECT",
        "OBJECT (see \"name\": above)",
        "OBJECT\n\n- **name**: taken from the first line\n- **age**: as written",
        "The name: Jason, the age: 25.\nOBJECT",
        "Name: Jason\nAge: 25\n\nOBJECT",
        "Here is the user: OBJECT",
        "I called get_user(id, and found: OBJECT",
        "As in f(x, y), it is OBJECT.",
    ] {
        let text = text.replace("OBJECT", object);
        assert_eq!(found::<User>(&text), object, "{text}");
    }
}

#[derive(serde::Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct Report {
    result: Value,
    scores: std::collections::BTreeMap<String, u8>,
}

#[test]
fn labels_before_an_answer_are_prose() {
    #[derive(serde::Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Visit {
        user: Name,
    }
    #[derive(serde::Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Name {
        first: String,
    }
    let object = r#"{"user":{"first":"Lee"}}"#;
    for text in [
        "user: OBJECT",
        "The \"user\": OBJECT",
        "**User:** OBJECT",
        "first: OBJECT",
        "Answer(OBJECT)",
        "json.loads('OBJECT')",
        "(as asked) OBJECT (done)",
        "<answer>OBJECT</answer>",
        "It is \"so\": OBJECT",
    ] {
        let text = text.replace("OBJECT", object);
        assert_eq!(found::<Visit>(&text), object, "{text}");
    }
    // A field that takes any object may have the name of the whole.
    let object = r#"{"result":{"a":1},"scores":{"b":2}}"#;
    for text in [
        "Here is the result: OBJECT",
        "**Result:** OBJECT",
        "<result>OBJECT</result>",
        "Here are the scores: OBJECT",
    ] {
        let text = text.replace("OBJECT", object);
        assert_eq!(found::<Report>(&text), object, "{text}");
    }
    assert_eq!(found::<Report>("Result: 1\nscores: {\"b\": 2}"), ENCLOSED);
}

#[test]
fn two_values_are_reported() {
    let differ = "expected one JSON value, found two, and they differ";
    let broken = "expected one JSON value, found two, and one of them is not valid JSON";
    let check = |text: &str, expected: &str| assert_eq!(found::<Node>(text), expected, "{text}");
    check(r#"Draft: {"title":"A"} Final: {"title":"B"}"#, differ);
    check("{\"title\":\"A\"}\n{\"title\":\"B\"}", differ);
    check(r#"Draft: {"title":"A"} Final: {title: "B"}"#, broken);
    check(r#"Draft: {"title":"A"} Final: {"title": "B""#, broken);
    check(r#"Draft: {title: "A"} Final: {"title":"B"}"#, "-");
    check(r#"Draft: `{"title":"A"}` Final: {"title":"B"}"#, differ);
    check(r#"Draft: {"title":"A"} Final: `{"title":"B"}`"#, differ);
    check(r#"Draft: {"title":"A"} Final: `{title: "B"}`"#, broken);
    check(r#"It`s {"title":"A"} and it`s {"title":"B"}"#, differ);
    for second in [
        "Final:\ntitle: B\nlead: null",
        "```yaml\ntitle: B\n```",
        "Final: Node(title='B', lead=None)",
        "Final: <title>B</title>",
        "Final: [title: \"B\"]",
        "Final: {title = 'B'}",
        ", \"title\": \"B\"",
    ] {
        check(&format!("Draft: {{\"title\":\"A\"}}\n{second}"), broken);
    }
    for text in [
        "null, since {\"title\":\"A\"} is an example",
        "null\n{\"title\":\"A\"}",
    ] {
        assert_eq!(found::<Option<Node>>(text), differ, "{text}");
    }
    let check = |text: &str, expected: &str| assert_eq!(found::<Vec<u8>>(text), expected, "{text}");
    check("The numbers: [1, 2] or [3, 4]", differ);
    check("Draft: [1, 2]\nFinal: [3, 4]", differ);
    check("The numbers: [1, 2], that is [1, 2].", "[1,2]");
    check(
        "The numbers: [1, 2], from [the docs](x) and [3](y).",
        "[1,2]",
    );
    assert_eq!(found::<Vec<String>>(r#"["a"] or ["b"]"#), differ);
    assert_eq!(
        found::<Vec<String>>(r#"The words: ["a"], see [1]."#),
        r#"["a"]"#
    );
}

#[test]
fn a_label_is_compared_as_it_is_first() {
    let check = |text: &str, expected: &str| {
        assert_eq!(
            found::<Grade>(text),
            expected,
            "{text} of {}",
            Schema::for_type::<Grade>().to_server_schema()
        );
        assert_eq!(found::<Option<Grade>>(text), expected, "{text}");
    };
    check("A*", "\"A*\"");
    check("A", "\"A\"");
    check("**A**", "\"A\"");
    check("`A*`", "\"A*\"");
    check("```\nA*\n```", "\"A*\"");
    check("```json\n\"A*\"\n```", "\"A*\"");
    check("1", "\"1\"");
    check("A and B", "-");
    check("**A***", "\"A*\"");
    check("'A*'", "\"A*\"");
    check("_A_.", "\"A\"");
    check("\"A*\".", "\"A*\"");
    check("A,", "\"A\"");
    assert_eq!(found::<u8>("```\n42\n```"), "42");
    assert_eq!(found::<u8>("**42**"), "42");
    assert_eq!(found::<u8>("42."), "42");
    assert_eq!(found::<Option<Grade>>("**null**"), "null");
}

#[test]
fn a_list_with_words_around_it_is_found() {
    let check = |text: &str, expected: &str| {
        assert_eq!(found::<Vec<u8>>(text), expected, "{text}");
    };
    check("The numbers:\n[1]\n", "[1]");
    check("The numbers are [1, 2, 3].", "[1,2,3]");
    for text in [
        "**Answer:** LIST",
        "Answer: **LIST**",
        "Answer: `LIST`",
        "The answer is `LIST`.",
        "The answer is:\nLIST.",
        "> LIST",
        "- LIST",
        "<answer>LIST</answer>",
        "LIST<|im_end|>",
        "LIST</s>",
        "So it would be LIST.",
        "It returns LIST.",
        "→ LIST",
    ] {
        check(&text.replace("LIST", "[1, 2, 3]"), "[1,2,3]");
    }
    for text in ["There are none; see: [1]", "Source: [3]", "Refs: [1]"] {
        check(text, "-");
    }
    assert_eq!(found::<Vec<f64>>("So roughly [1.5, 2.5] then"), "[1.5,2.5]");
    assert_eq!(found::<Vec<String>>("data[\"key\"] is missing"), "-");
    check("Numbers: [1, 2] (two)", "[1,2]");
    check("As in\n[1] it is said.", "-");
    check("It is said in [1]\n", "-");
    check("I considered [1] as source. The answer: 1, 2", "-");
    check(r#"{"draft":[1,2,3], "value": nope}"#, "-");
    check("[1, 'a']", "-");
    assert_eq!(
        found::<Vec<String>>(r#"I found ["a", "b"] there"#),
        r#"["a","b"]"#
    );
}

#[test]
fn hostile_texts_are_searched_in_linear_time() {
    for text in [
        "{ a ".repeat(200_000),
        "[a".repeat(200_000),
        "`".repeat(200_001),
        "{}".repeat(200_000),
    ] {
        let found = found::<Node>(&text);
        assert!(found == "-" || found == "{}", "{found}");
    }
}
