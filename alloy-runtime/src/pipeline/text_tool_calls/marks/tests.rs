//! Calls in the formats of models, and other texts.

use serde_json::json;

use super::*;

fn calls(text: &str) -> Vec<(String, Value)> {
    let calls = read(text).unwrap_or_default().into_iter();
    calls.map(|call| (call.name, call.arguments)).collect()
}

/// Checks the calls of a text, where arguments with their own marks are texts.
fn check(text: &str, expected: &[(String, Value)]) {
    let as_text = |(name, arguments): &(String, Value)| {
        let text = arguments.to_string().replace(['"', '{', '}', ':'], "");
        (name.clone(), text)
    };
    let found: Vec<_> = calls(text).iter().map(as_text).collect();
    let expected: Vec<_> = expected.iter().map(as_text).collect();
    assert_eq!(found, expected, "{text}");
}

fn add(a: u8) -> (String, Value) {
    ("add".to_owned(), json!({ "a": a }))
}

#[test]
fn calls_are_read_in_the_formats_of_models() {
    for text in [
        "<tool_call>\n{\"name\":\"add\",\"arguments\":{\"a\":1}}\n</tool_call>",
        "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":1}}",
        "<tool_call>\n```json\n{\"name\":\"add\",\"arguments\":{\"a\":1}}\n```\n</tool_call>",
        "<tool_call>{\"name\":\"add\",\"input\":{\"a\":1}}</tool_call>",
        "<tool_call>{\"name\":\"add\",\"arguments\":{},\"parameters\":{\"a\":1}}</tool_call>",
        r#"[TOOL_CALLS][{"name":"add","arguments":{"a":1}}]"#,
        r#"[TOOL_CALLS]add[ARGS]{"a":1}"#,
        r#"[TOOL_CALLS]add[CALL_ID]x1[ARGS]{"a":1}"#,
        r#"[TOOL_CALLS]add{"a":1}"#,
        r#"<|python_tag|>{"name":"add","parameters":{"a":1}}<|eom_id|>"#,
        r#"<function=add>{"a":1}</function>"#,
        "<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>\n</function>\n</tool_call>",
        "<seed:tool_call><function=add><parameter=a>1</parameter></function></seed:tool_call>",
        "<tool_call>add\n<arg_key>a</arg_key>\n<arg_value>1</arg_value>\n</tool_call>",
        "<minimax:tool_call>\n<invoke name=\"add\">\n<parameter name=\"a\">1</parameter>\n</invoke>\n</minimax:tool_call>",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>add\n```json\n{\"a\":1}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{\"a\":1}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.add:0<|tool_call_argument_begin|>{\"a\":1}<|tool_call_end|><|tool_calls_section_end|>",
        r#"<|START_ACTION|>[{"tool_call_id":"0","tool_name":"add","parameters":{"a":1}}]<|END_ACTION|>"#,
        "<|channel|>commentary to=functions.add <|constrain|>json<|message|>{\"a\":1}<|call|>",
        "<|channel|>commentary to=functions.add code<|message|>{\"a\":1}",
        "<|start|>assistant<|channel|>commentary to=functions.add json<|message|>{\"a\":1}<|call|>",
        "to=functions.add<|channel|>commentary json<|message|>{\"a\":1}<|call|>",
        "commentary to=functions.add json{\"a\":1}",
        "assistantcommentary to=functions.add json {\"a\":1}",
    ] {
        check(text, &[add(1)]);
    }
}

#[test]
fn several_calls_are_read_in_order() {
    for text in [
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.add:0<|tool_call_argument_begin|>{\"a\":1}<|tool_call_end|><|tool_call_begin|>functions.add:1<|tool_call_argument_begin|>{\"a\":2}<|tool_call_end|><|tool_calls_section_end|>",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{\"a\":1}<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>add<｜tool▁sep｜>{\"a\":2}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        r#"[TOOL_CALLS]add[ARGS]{"a":1}[TOOL_CALLS]add[ARGS]{"a":2}"#,
        "<|channel|>commentary to=functions.add<|message|>{\"a\":1}<|call|><|start|>assistant<|channel|>commentary to=functions.add<|message|>{\"a\":2}<|call|>",
        "<function_calls><invoke name=\"add\"><parameter name=\"a\">1</parameter></invoke><invoke name=\"add\"><parameter name=\"a\">2</parameter></invoke></function_calls>",
    ] {
        check(text, &[add(1), add(2)]);
    }
}

#[test]
fn a_call_without_arguments_has_none() {
    let now = || ("now".to_owned(), json!({}));
    for text in [
        r#"<tool_call>{"name":"now"}</tool_call>"#,
        r#"<tool_call>{"name":"now","arguments":null}</tool_call>"#,
        "<function=now></function>",
        "<invoke name=\"now\"></invoke>",
        "[TOOL_CALLS]now[ARGS]",
        "<|channel|>commentary to=functions.now<|message|><|call|>",
    ] {
        assert_eq!(calls(text), [now()], "{text}");
    }
}

#[test]
fn text_between_marks_that_is_no_call_is_an_invalid_call() {
    for text in [
        "<|python_start|>[add(a=1)]<|python_end|>",
        "<tool_call>add(1)</tool_call>",
        "<start_function_call>call:add{a:1}<end_function_call>",
    ] {
        let calls = calls(text);
        assert_eq!(calls.len(), 1, "{text}");
        assert!(calls[0].1.is_string(), "{text}");
    }
}

#[test]
fn values_with_their_own_marks_are_texts() {
    let call = "<tool_call>\n<function=add>\n<parameter=text>\n  a\n  <b>\n\n</parameter>\n<parameter=n>\n42\n</parameter>\n</function>\n</tool_call>";
    let expected = json!({"text": "  a\n  <b>\n", "n": "42"});
    assert_eq!(calls(call), [("add".to_owned(), expected)]);
    // One of two values was meant.
    let twice = "<function=add><parameter=a>1</parameter><parameter=a>2</parameter></function>";
    assert!(calls(twice)[0].1.is_string());
}

#[test]
fn marks_in_a_string_are_part_of_it() {
    let call = |text: &str| json!({"name": "say", "arguments": {"text": text}});
    for text in [
        "</tool_call>",
        "use <tool_call> here",
        "see [ARGS]",
        "[TOOL_CALLS]",
    ] {
        let said = [("say".to_owned(), json!({"text": text}))];
        assert_eq!(
            calls(&format!("<tool_call>{}</tool_call>", call(text))),
            said,
            "{text}"
        );
        assert_eq!(
            calls(&format!("[TOOL_CALLS][{}]", call(text))),
            said,
            "{text}"
        );
    }
}

#[test]
fn a_call_without_an_end_has_no_default_arguments() {
    let calls = calls("<tool_call><function=purge>");
    assert!(calls[0].0 == "purge" && calls[0].1.is_string(), "{calls:?}");
}

#[test]
fn other_texts_are_not_calls() {
    for text in [
        "",
        "<tool_call> is a special token.",
        "[TOOL_CALLS] is the token of Mistral.",
        "<|channel|>commentary to=functions.add<|message|>{\"a\":1}<|call|> Actually no.",
        "<|channel|>commentary to=functions.add<|message|>{\"a\":1}<|call|><|start|>assistant<|channel|>final<|message|>It is 3.",
        "to=functions.add",
        "commentary on functions.add",
        "Send it to=functions.add {\"a\":1}",
        "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":1}}</tool_call> Done.",
    ] {
        assert!(read(text).is_none(), "{text}");
    }
}

// Each pair of marks would be a level of recursion.
#[test]
fn marks_in_marks_are_read_to_a_limit() {
    let text = "<tool_call>".repeat(100_000);
    assert_eq!(read(&text).unwrap_or_default().len(), 1);
}
