//! Fields in another type, or in another place.

use std::time::Duration;

use alloy_runtime::{Api, ErrorKind, command, tool};
use alloy_tests::server::{Reply, Said, Server};
use serde_json::{Value, json};

use super::{completion, native, outcome, outcome_of_other};

#[tokio::test]
async fn content_in_parts_is_joined() {
    let check = async |content: Value, thinking: Option<&str>| {
        let message = json!({"role": "assistant", "content": content});
        for api in crate::ROUTES {
            let body = match api {
                Api::Native => native(&message, "stop"),
                _ => completion(&message, "stop"),
            };
            let outcome = outcome::<String>(api, Reply::json(200, &body))
                .await
                .unwrap();
            assert_eq!(outcome.value, "Hello", "{content}");
            assert_eq!(outcome.thinking.as_deref(), thinking, "{content}");
        }
    };
    check(json!([{"type": "text", "text": "Hello"}]), None).await;
    check(
        json!([{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]),
        None,
    )
    .await;
    let thinking = json!({"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]});
    check(
        json!([thinking, {"type": "text", "text": "Hello"}]),
        Some("Hm"),
    )
    .await;
    let message = json!({"content": [{"type": "image_url", "image_url": {}}]});
    let error = outcome_of_other::<String>(Reply::json(200, &completion(&message, "stop"))).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("`image_url`"), "{error}");
}

#[tokio::test]
async fn fields_that_are_not_needed_may_have_any_type() {
    for (name, value) in [
        ("reasoning", json!({"a": 1})),
        ("reasoning", json!([1])),
        ("reasoning_content", json!(7)),
        ("refusal", json!(false)),
        ("tool_calls", json!("none")),
        ("audio", json!([[]])),
    ] {
        let mut message = json!({"role": 1, "content": "Hello"});
        message[name] = value.clone();
        let mut body = completion(&message, "stop");
        body["usage"] = json!("many");
        body["id"] = json!([]);
        let outcome = outcome_of_other::<String>(Reply::json(200, &body)).await;
        assert_eq!(outcome.unwrap().value, "Hello", "{name} {value}");
    }
    let body = json!({"message": {"content": "Hello", "thinking": 5}, "done": true, "done_reason": "stop", "eval_count": "7", "total_duration": []});
    let outcome = outcome::<String>(Api::Native, Reply::json(200, &body)).await;
    assert_eq!(outcome.unwrap().value, "Hello");
}

#[tokio::test]
async fn an_empty_field_does_not_hide_the_other() {
    let message = json!({"content": "Hello", "reasoning": "", "reasoning_content": "Hm"});
    let outcome = outcome_of_other::<String>(Reply::json(200, &completion(&message, "stop"))).await;
    assert_eq!(outcome.unwrap().thinking.as_deref(), Some("Hm"));
}

#[tokio::test]
async fn irregular_json_is_read() {
    let check = async |body: &str, expected: &str| {
        let reply = Reply::body(200, "application/json", body);
        let outcome = outcome_of_other::<String>(reply).await;
        assert_eq!(outcome.unwrap().value, expected, "{body}");
    };
    let body = r#"{"choices":[{"message":{"content":"A","content":"B"},"finish_reason":"stop"}]}"#;
    check(body, "B").await;
    let body = r#"{"choices":[{"message":{"content":"A"},"logprobs":NaN,"finish_reason":"stop"}]}"#;
    check(body, "A").await;
    let body = r#"{"choices":[{"message":{"content":"A \ud83d"},"finish_reason":"stop"}]}"#;
    check(body, "A \u{fffd}").await;
    let body =
        "\u{feff}{\"choices\":[{\"message\":{\"content\":\"A\"},\"finish_reason\":\"stop\"}]}";
    check(body, "A").await;
    let native = r#"{"message":{"content":"A"},"done":false,"done":true,"x":-Infinity}"#;
    let outcome =
        outcome::<String>(Api::Native, Reply::body(200, "application/json", native)).await;
    assert_eq!(outcome.unwrap().value, "A");
}

/// Adds two numbers.
#[tool]
fn add(#[tool(default = 1)] a: i64, #[tool(default = 2)] b: i64) -> i64 {
    a + b
}

/// Returns the time.
#[tool]
fn now() -> &'static str {
    "noon"
}

#[command("Add", model = "m", tools(add, now))]
async fn sum() -> String;

/// Returns the tool message after a reply with these tool calls.
async fn result_of(api: Api, calls: Value) -> Value {
    let message = json!({"role": "assistant", "content": null, "tool_calls": calls});
    let body = match api {
        Api::Native => native(&message, "stop"),
        _ => completion(&message, "tool_calls"),
    };
    let server = Server::start([Reply::json(200, &body), Reply::answer("Done")]);
    let outcome = sum().api(api).host(server.host()).outcome().await.unwrap();
    json!(outcome.tool_results[0].content)
}

#[tokio::test]
async fn tool_calls_are_read_in_other_forms() {
    let three = json!({"a": 1, "b": 20});
    for api in crate::ROUTES {
        for calls in [
            json!([{"function": {"name": "add", "parameters": three}}]),
            json!([{"function": {"name": "add", "arguments": {}, "parameters": three}}]),
            json!([{"name": "add", "arguments": three}]),
            json!([{"type": "function", "function": {"name": " add ", "arguments": three}}]),
            json!({"function": {"name": "add", "arguments": three}}),
            json!([{"function": {"name": "add", "arguments": three.to_string()}}]),
            json!([{"function": {"name": "add", "arguments": json!(three.to_string()).to_string()}}]),
        ] {
            assert_eq!(result_of(api, calls.clone()).await, json!("21"), "{calls}");
        }
        for arguments in [
            json!(null),
            json!([]),
            json!("[]"),
            json!("null"),
            json!(""),
            json!({}),
        ] {
            let calls = json!([{"function": {"name": "add", "arguments": arguments}}]);
            assert_eq!(result_of(api, calls).await, json!("3"), "{arguments}");
            let calls = json!([{"function": {"name": "now", "arguments": arguments}}]);
            assert_eq!(result_of(api, calls).await, json!("noon"), "{arguments}");
        }
        let calls = json!([{"function": {"name": "add", "arguments": {"A": 7}}}]);
        let told = "The arguments were not accepted: A: there is no parameter of this name; did you mean `a`?.";
        assert_eq!(result_of(api, calls).await, json!(told));
        let calls = json!([{"function": {"name": "add", "arguments": "a=7"}}]);
        let told = "The arguments were not accepted: expected JSON, found none, in \"a=7\".";
        assert_eq!(result_of(api, calls).await, json!(told));
    }
}

// Two results with one id would answer the same call.
#[tokio::test]
async fn an_id_that_is_repeated_is_dropped() {
    let call = |a: i64| json!({"id": "c1", "function": {"name": "add", "arguments": {"a": a}}});
    let message = json!({"content": "", "tool_calls": [call(1), call(2)]});
    let reply = Reply::json(200, &completion(&message, "tool_calls"));
    let server = Server::start([reply, Reply::answer("Done")]);
    sum()
        .api(Api::OpenaiChat)
        .host(server.host())
        .await
        .unwrap();
    let sent = server.requests()[1].json();
    let messages = sent["messages"].as_array().unwrap();
    let ids = messages
        .iter()
        .filter_map(|message| message["tool_call_id"].as_str());
    assert_eq!(ids.collect::<Vec<_>>(), ["c1", "call_1_2"]);
}

// Some servers refuse the next request without it.
#[tokio::test]
async fn thinking_is_sent_back_under_the_name_it_came_with() {
    for (name, other) in [
        ("reasoning_content", "reasoning"),
        ("reasoning", "reasoning_content"),
    ] {
        let mut message =
            json!({"content": "", "tool_calls": [{"id": "c1", "function": {"name": "add"}}]});
        message[name] = json!("Hm");
        let reply = Reply::json(200, &completion(&message, "tool_calls"));
        let server = Server::start([reply, Reply::answer("Done")]);
        let config = alloy_runtime::Config::new().base_url(format!("http://{}/v1", server.host()));
        let outcome = alloy_runtime::with_config(config, sum().model("openai:m").outcome())
            .await
            .unwrap();
        let sent = &server.requests()[1].json()["messages"][1];
        assert_eq!((&sent[name], &sent[other]), (&json!("Hm"), &Value::Null));
        // The name survives being stored.
        let stored = serde_json::to_string(&outcome.messages).unwrap();
        let restored: Vec<alloy_runtime::Message> = serde_json::from_str(&stored).unwrap();
        assert_eq!(restored, outcome.messages);
    }
}

// A list as text, where a list is wanted.
#[tokio::test]
async fn json_as_text_is_read_where_the_schema_wants_it() {
    #[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
    struct Box {
        sizes: Vec<u8>,
        inner: std::collections::BTreeMap<String, u8>,
    }
    let text = json!({"sizes": "[1, 2]", "inner": json!("{\"a\": 3}").to_string()}).to_string();
    for api in crate::ROUTES {
        let outcome = outcome::<Box>(api, Reply::said(&Said::new(&text)))
            .await
            .unwrap();
        assert_eq!(outcome.value.sizes, [1, 2]);
        assert_eq!(outcome.value.inner["a"], 3);
        assert_eq!(outcome.repairs.len(), 2);
    }
}

// As llama.cpp's server sends them.
#[tokio::test]
async fn cached_tokens_and_timings_are_read_where_they_are_sent() {
    let message = json!({"role": "assistant", "content": "Hello"});
    let mut body = completion(&message, "stop");
    body["usage"] = json!({
        "prompt_tokens": 144,
        "completion_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 74}
    });
    body["timings"] = json!({"cache_n": 74, "prompt_n": 70, "prompt_ms": 14.5, "predicted_ms": 20});
    let outcome = outcome_of_other::<String>(Reply::json(200, &body))
        .await
        .unwrap();
    assert_eq!(outcome.usage.prompt_tokens, Some(144));
    assert_eq!(outcome.usage.cached_tokens, Some(74));
    assert_eq!(outcome.timings.prompt, Some(Duration::from_micros(14_500)));
    assert_eq!(outcome.timings.generation, Some(Duration::from_millis(20)));

    // They are not needed.
    for (details, milliseconds) in [
        (json!("many"), json!("long")),
        (json!({"cached_tokens": -1}), json!(-1)),
        (json!(null), json!(1e300)),
        (json!([1]), json!({"a": 1})),
    ] {
        body["usage"]["prompt_tokens_details"] = details;
        body["timings"] = json!({"prompt_ms": milliseconds});
        let outcome = outcome_of_other::<String>(Reply::json(200, &body))
            .await
            .unwrap();
        assert_eq!(outcome.usage.cached_tokens, None);
        assert_eq!(outcome.timings.prompt, None);
        assert_eq!(outcome.usage.completion_tokens, Some(12));
    }
}
