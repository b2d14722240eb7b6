//! Calls in all the forms of servers, and their limits.

use serde_json::json;

use super::call_parts::ARGUMENT_KEYS;
use super::*;

fn arguments(arguments: Value) -> Value {
    parse_arguments(arguments)
}

#[test]
fn empty_arguments_are_an_empty_object() {
    for given in [json!(null), json!(""), json!("  "), json!("{}"), json!({})] {
        assert_eq!(arguments(given), json!({}));
    }
    for given in [json!([]), json!("[]"), json!(" null ")] {
        assert_eq!(arguments(given), json!({}));
    }
    assert_eq!(arguments(json!("{\"a\":1}")), json!({"a": 1}));
    assert_eq!(arguments(json!("a")), json!("a"));
}

#[test]
fn arguments_are_read_from_all_places() {
    let check = |call: Value, expected: Value| {
        let calls: WireToolCalls = serde_json::from_value(json!([call])).unwrap();
        let calls = calls.into_calls();
        let [call] = calls.as_slice() else {
            panic!("not one call: {calls:?}");
        };
        assert_eq!((call.name.as_str(), &call.arguments), ("add", &expected));
    };
    let given = json!({"a": 1});
    for key in ARGUMENT_KEYS {
        check(
            json!({"function": {"name": "add", key: given}}),
            given.clone(),
        );
        check(
            json!({"function": {"name": "add"}, key: given}),
            given.clone(),
        );
        check(json!({"function": "add", key: given}), given.clone());
        check(json!({"name": "add", key: given}), given.clone());
    }
    for empty in [json!({}), json!([]), json!("[]"), json!(""), json!(null)] {
        for function in [
            json!({"name": "add", "arguments": empty, "parameters": given}),
            json!({"name": "add", "parameters": given, "params": empty}),
        ] {
            check(json!({ "function": function }), given.clone());
        }
        let function = json!({"name": "add", "arguments": empty});
        check(
            json!({"function": function, "arguments": given}),
            given.clone(),
        );
        check(json!({"function": function, "arguments": empty}), json!({}));
    }
    check(json!({"function": {"name": "add"}}), json!({}));
    // Nothing says which of two was meant.
    let two = json!({"name": "add", "arguments": given, "input": {"b": 2}});
    check(two.clone(), json!({"arguments": given, "input": {"b": 2}}));
    let same = json!({"name": "add", "arguments": given});
    check(json!({"function": same, "args": given}), given.clone());
    // Other keys are arguments, or told as unknown.
    for key in ["argument", "Arguments", "payload"] {
        check(
            json!({"function": {"name": "add", key: given}}),
            json!({key: given}),
        );
    }
    check(json!({"function": {"name": "add", "a": 1}}), given.clone());
    check(
        json!({"type": "function", "id": "x", "name": "add", "a": 1}),
        given.clone(),
    );
}

#[test]
fn parts_of_a_call_are_put_together() {
    let check = |parts: Value, expected: Value| {
        let mut calls = WireToolCalls::default();
        for part in parts.as_array().unwrap() {
            calls.extend(serde_json::from_value(part.clone()).unwrap());
        }
        let calls = calls.into_calls().into_iter();
        let calls: Vec<_> = calls
            .map(|call| json!([call.name, call.arguments]))
            .collect();
        assert_eq!(Value::Array(calls), expected, "{parts}");
    };
    let begin = |index: u8| json!({"index": index, "id": format!("c{index}"), "function": {"name": "add", "arguments": ""}});
    let more = |index: u8, text: &str| json!({"index": index, "function": {"arguments": text}});
    let one = || json!([["add", {"a": 1}]]);
    let two = || json!([["add", {"a": 1}], ["add", {"a": 2}]]);
    check(
        json!([[begin(0)], [more(0, "{\"a\"")], [more(0, ":1}")]]),
        one(),
    );
    // Of two calls at a time.
    check(
        json!([
            [begin(0)],
            [begin(1)],
            [more(0, "{\"a\":1}")],
            [more(1, "{\"a\":2}")]
        ]),
        two(),
    );
    // The name in each part, the id alone, the index as text or in some parts only.
    let named = |text: &str| json!({"index": 0, "id": "c0", "function": {"name": "add", "arguments": text}});
    check(json!([[named("{\"a\"")], [named(":1}")]]), one());
    let by_id = |text: &str| json!({"id": "c0", "function": {"arguments": text}});
    check(json!([[begin(0)], [by_id("{\"a\":1}")]]), one());
    check(
        json!([[begin(0)], [{"index": "0", "function": {"arguments": "{\"a\":1}"}}]]),
        one(),
    );
    check(
        json!([[{"function": {"name": "add"}}], [{"function": {"arguments": "{\"a\":1}"}}]]),
        one(),
    );
    // A name in two parts, and arguments as objects.
    check(
        json!([[{"index": 0, "function": {"name": "ad"}}], [{"index": 0, "function": {"name": "d", "arguments": "{\"a\":1}"}}]]),
        one(),
    );
    check(
        json!([[{"index": 0, "function": {"name": "add", "arguments": {}}}], [{"index": 0, "function": {"arguments": {"a": 1}}}]]),
        one(),
    );
    // Each part repeats those before it, or the whole call is sent again.
    check(
        json!([[begin(0)], [more(0, "{\"a\"")], [more(0, "{\"a\":1}")]]),
        one(),
    );
    check(json!([[named("{\"a\":1}")], [named("{\"a\":1}")]]), one());
    check(json!([[named("{\"a\":1}"), named("{\"a\":1}")]]), one());
    // Two calls with one index, and two equal calls without ids.
    let whole = |id: &str, a: u8| json!({"index": 0, "id": id, "function": {"name": "add", "arguments": {"a": a}}});
    check(json!([[whole("x", 1)], [whole("y", 2)]]), two());
    let bare = || json!({"function": {"name": "add", "arguments": {"a": 1}}});
    check(
        json!([[bare(), bare()]]),
        json!([["add", {"a": 1}], ["add", {"a": 1}]]),
    );
}

#[test]
fn arguments_of_many_values_stay_text() {
    let largest = json!({"n": vec![0; MAX_VALUES - 3]});
    assert_eq!(arguments(largest.clone()), largest);
    let larger = json!({"n": vec![0; MAX_VALUES]});
    assert_eq!(arguments(larger.clone()), Value::String(larger.to_string()));
    assert!(arguments(Value::String(larger.to_string())).is_string());
}

// serde_json parses the text behind this key as JSON again, with a new limit of depth.
#[test]
fn nesting_by_a_reserved_key_is_limited() {
    let mut text = "0".to_owned();
    for _ in 0..3 {
        text = format!("{}{text}{}", "[".repeat(100), "]".repeat(100));
        text = json!({"$serde_json::private::RawValue": text}).to_string();
    }
    let deep: Value = serde_json::from_str(&text).unwrap();
    assert!(
        depth(&deep) > 250,
        "the key has no special meaning any more"
    );
    assert!(arguments(deep).is_string());
}
