//! Bodies in another format than their content type says, and events without text.

use alloy_runtime::{Api, command, tool};
use alloy_tests::server::{Reply, Said, Server};
use serde_json::json;

use super::{completion, events, last, native, outcome, outcome_of_other, piece, stream};

const EVENTS: &str = "text/event-stream";
const LINES: &str = "application/x-ndjson";
const JSON: &str = "application/json";

#[tokio::test]
async fn events_without_choices_are_skipped() {
    let usage = json!({"choices": null, "usage": {"prompt_tokens": 5, "completion_tokens": 2}});
    let between = [
        json!({"choices": []}),
        json!({"choices": null}),
        json!({"id": "x"}),
        json!({}),
        json!(null),
        usage,
    ];
    let mut all = between.to_vec();
    all.push(piece("Once"));
    all.extend(between.clone());
    all.push(last("stop"));
    all.extend(between);
    let body = format!(
        ": ping\n\nevent: ping\ndata: {{}}\n\n{}data: [DONE]\n\n",
        events(&all)
    );
    for api in [None, Some(Api::OpenaiChat)] {
        let (text, end) = stream(api, Reply::body(200, EVENTS, &body)).await;
        assert_eq!((text.as_str(), end.unwrap().len()), ("Once", 0));
    }
    let server = Server::start([Reply::body(200, EVENTS, &body)]);
    let command = super::answer::<String>()
        .api(Api::OpenaiChat)
        .host(server.host());
    let mut stream = command.stream();
    while let Some(text) = stream.next().await {
        text.unwrap();
    }
    assert_eq!(stream.summary().unwrap().usage.prompt_tokens, Some(5));
}

#[tokio::test]
async fn streams_are_read_whatever_their_content_type() {
    let message = |text: &str, done: bool| json!({"message": {"content": text}, "done": done, "done_reason": "stop"});
    let lines = format!("{}\n{}\n", message("On", false), message("ce", true));
    let native_events = events(&[message("On", false), message("ce", true)]);
    for (content_type, body) in [
        (JSON, &lines),
        (EVENTS, &lines),
        ("text/plain", &lines),
        (EVENTS, &native_events),
        (LINES, &native_events),
        (JSON, &native_events),
    ] {
        let (text, end) = stream(Some(Api::Native), Reply::body(200, content_type, body)).await;
        assert_eq!(text, "Once", "{content_type}: {end:?}");
        end.unwrap();
    }
    let done = "data: [DONE]\n\n";
    let chat_events = events(&[piece("On"), piece("ce"), last("stop")]) + done;
    let chat_lines = format!("{}\n{}\n{}\n", piece("On"), piece("ce"), last("stop"));
    for (content_type, body) in [
        (JSON, &chat_events),
        (LINES, &chat_events),
        ("text/plain", &chat_events),
        (JSON, &chat_lines),
        (EVENTS, &chat_lines),
        (LINES, &chat_lines),
    ] {
        let (text, end) = stream(None, Reply::body(200, content_type, body)).await;
        assert_eq!(text, "Once", "{content_type}: {end:?}");
        end.unwrap();
    }
}

#[tokio::test]
async fn a_whole_reply_to_a_streamed_request_is_read() {
    let message = json!({"role": "assistant", "content": "Once"});
    for content_type in [JSON, EVENTS, LINES] {
        let reply = Reply::body(200, content_type, native(&message, "stop").to_string());
        let (text, end) = stream(Some(Api::Native), reply).await;
        assert_eq!(
            (text.as_str(), end.unwrap().len()),
            ("Once", 0),
            "{content_type}"
        );
        let reply = Reply::body(200, content_type, completion(&message, "stop").to_string());
        let (text, end) = stream(None, reply).await;
        assert_eq!(
            (text.as_str(), end.unwrap().len()),
            ("Once", 0),
            "{content_type}"
        );
    }
}

#[tokio::test]
async fn a_stream_as_the_reply_to_a_whole_request_is_read() {
    let said = Said::new("Once upon a time").thinking("Hm");
    for api in crate::ROUTES {
        let outcome = outcome::<String>(api, Reply::stream(&said)).await.unwrap();
        assert_eq!(outcome.value, "Once upon a time");
        assert_eq!(outcome.thinking.as_deref(), Some("Hm"));
        assert_eq!(outcome.usage.completion_tokens, Some(12));
    }
    // One that breaks off is not an answer.
    let cut = events(&[piece("Once")]);
    let error = outcome_of_other::<String>(Reply::body(200, EVENTS, cut))
        .await
        .unwrap_err();
    assert_eq!(error.partial_text(), Some("Once"));
}

/// Adds two numbers.
#[tool]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[command("Add", model = "m", tools(add))]
async fn sum() -> String;

// The arguments of a streamed call come in parts.
#[tokio::test]
async fn a_streamed_tool_call_is_put_together() {
    let delta = |call: serde_json::Value| json!({"choices": [{"delta": {"tool_calls": [call]}}]});
    let body = events(&[
        delta(json!({"index": 0, "id": "c1", "function": {"name": "add", "arguments": ""}})),
        delta(json!({"index": 0, "function": {"arguments": "{\"a\":"}})),
        delta(json!({"index": 0, "function": {"arguments": "1,\"b\":2}"}})),
        delta(
            json!({"index": 1, "id": "c2", "function": {"name": "add", "arguments": "{\"a\":3,\"b\":4}"}}),
        ),
        last("tool_calls"),
    ]) + "data: [DONE]\n\n";
    let server = Server::start([Reply::body(200, EVENTS, body), Reply::answer("Done")]);
    let outcome = sum()
        .api(Api::OpenaiChat)
        .host(server.host())
        .outcome()
        .await
        .unwrap();
    let results: Vec<_> = outcome
        .tool_results
        .iter()
        .map(|result| result.content.as_str())
        .collect();
    assert_eq!(results, ["3", "7"]);
}

// The last line of a native stream has only counts on some servers.
#[tokio::test]
async fn the_last_line_needs_no_message() {
    let body = "{\"message\":{\"content\":\"Once\"},\"done\":false}\n{\"done\":true,\"done_reason\":\"stop\",\"eval_count\":3}\n";
    let (text, end) = stream(Some(Api::Native), Reply::body(200, LINES, body)).await;
    assert_eq!((text.as_str(), end.unwrap().len()), ("Once", 0));
}

// Written with line breaks, as a person would. Under the content type of a stream, each line would be an object.
#[tokio::test]
async fn a_reply_with_line_breaks_is_read_whatever_its_content_type() {
    let message = json!({"role": "assistant", "content": "Once"});
    for (api, reply) in [
        (Api::Native, native(&message, "stop")),
        (Api::OpenaiChat, completion(&message, "stop")),
    ] {
        for breaks in ["\n", "\r\n"] {
            let pretty = serde_json::to_string_pretty(&reply).unwrap();
            let pretty = pretty.replace('\n', breaks);
            for content_type in [JSON, LINES, EVENTS, "text/plain"] {
                let body = || Reply::body(200, content_type, &pretty);
                let whole = outcome::<String>(api, body()).await.unwrap();
                assert_eq!(whole.value, "Once", "{content_type}");
                let (text, end) = stream(Some(api), body()).await;
                assert_eq!(text, "Once", "{content_type}: {end:?}");
                assert!(end.is_ok(), "{content_type}: {end:?}");
                let cut = &pretty[..pretty.len() - 3];
                let (text, end) = stream(Some(api), Reply::body(200, content_type, cut)).await;
                assert!(end.is_err(), "{content_type}: {text}");
            }
        }
    }
}
