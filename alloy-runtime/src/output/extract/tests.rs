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
        "- title: Trip\n- **lead**: INNER",
        "title = \"Trip\"\nlead = INNER",
        "<node><title>Trip</title><lead>INNER</lead></node>",
        r#"Node(title="Trip", lead=INNER)"#,
        r#"Node("Trip", INNER)"#,
        "Node(title: \"Trip\", lead: Some(INNER))",
        "The answer is `{title: \"Trip\", lead: INNER}`.",
        "It`s {title: \"Trip\", lead: INNER} and that`s all.",
    ] {
        let text = text.replace("INNER", r#"{"title": "Guide", "lead": null}"#);
        assert_eq!(found::<Node>(&text), "-", "{text}");
        let list = text.replace(r#"{"title": "Guide", "lead": null}"#, "[1]");
        assert_eq!(found::<Node>(&list), "-", "{list}");
    }
    assert_eq!(
        found::<Option<Node>>("title: Trip\nlead: {\"title\": \"Guide\"}"),
        "-"
    );
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
        let is_key = text.contains("\"user\":");
        let text = text.replace("OBJECT", object);
        let expected = if is_key { "-" } else { object };
        assert_eq!(found::<Visit>(&text), expected, "{text}");
    }
}

#[test]
fn brackets_in_prose_do_not_matter() {
    let value = r#"{"title":"Trip","lead":null}"#;
    let object = r#"{"title": "Trip", "lead": null}"#;
    for text in [
        "with {name, legs}: OBJECT",
        "OBJECT with {name, legs}",
        "OBJECT and {the user's name}",
        "OBJECT See [the docs](https://example.com).",
        "OBJECT [ ] done [x] not",
        "OBJECT {} [] `{}`",
        "OBJECT as in `{name}` or `[0]` or `{`",
        "OBJECT [note] [10:30] [null result] [the docs] [true story]",
        "OBJECT [1] [2, 3]",
        "[1] [2] [3] [4] [5] [6] [7] [8] [9] [10] [11] OBJECT",
        "[note]: OBJECT",
        "OBJECT\nAgain: OBJECT",
        "The answer is `OBJECT`.",
        "```json\nOBJECT\n```\nI used [1].",
        "Use { to open. OBJECT",
        "[[wiki]] OBJECT {{name}}",
        "OBJECT ...",
    ] {
        let text = text.replace("OBJECT", object);
        assert_eq!(found::<Node>(&text), value, "{text}");
    }
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
    assert_eq!(found::<u8>("```\n42\n```"), "42");
}

#[test]
fn a_list_with_words_around_it_is_found() {
    let check = |text: &str, expected: &str| {
        assert_eq!(found::<Vec<u8>>(text), expected, "{text}");
    };
    check("The numbers:\n[1]\n", "[1]");
    check("The numbers are [1, 2, 3].", "[1,2,3]");
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
