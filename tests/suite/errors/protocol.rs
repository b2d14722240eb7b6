//! Replies that violate the protocol.

use alloy_runtime::{Api, ErrorKind};
use alloy_tests::server::{Reply, Server};
use expect_test::expect;
use serde_json::json;

use super::{answer, check, error_of, error_on};

#[tokio::test]
async fn a_reply_that_is_not_json_is_rejected() {
    let error = check::<String>(
        Reply::body(200, "application/json", "hello"),
        ErrorKind::Protocol,
        expect![[r#"
            the reply from http://HOST does not follow the protocol: it is not the JSON of a reply (expected value at line 1 column 1)
              found: hello
              command: answer
              help: Check that OLLAMA_HOST names an Ollama server of version 0.12.6 or newer, and that no proxy in between changes its replies."#]],
    )
    .await;
    assert_eq!(error.excerpt(), Some("hello"));
}

#[tokio::test]
async fn fields_of_the_wrong_type_are_rejected() {
    let check = async |body: serde_json::Value, expected: &str| {
        let error = error_on::<String>(Api::Native, Reply::json(200, &body)).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        assert!(error.to_string().contains(expected), "{body}: {error}");
    };
    check(json!({"done": true}), "it has no `message`").await;
    check(json!([{"content": "hi"}, true]), "it is a list").await;
    check(
        json!({"message": {"content": 5}, "done": true}),
        "invalid type: integer",
    )
    .await;
    check(
        json!({"message": "text", "done": true}),
        "invalid type: string",
    )
    .await;
    check(
        json!({"message": {"content": ""}, "done": "yes"}),
        "invalid type: string",
    )
    .await;
}

#[tokio::test]
async fn fields_of_the_wrong_type_are_rejected_on_openai_chat() {
    let check = async |body: serde_json::Value, expected: &str| {
        let error = error_on::<String>(Api::OpenaiChat, Reply::json(200, &body)).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        assert!(error.to_string().contains(expected), "{body}: {error}");
    };
    check(json!({"usage": {}}), "it has no `choices`").await;
    check(json!({"choices": null}), "it has no `choices`").await;
    check(json!({"choices": []}), "its `choices` have no `message`").await;
    check(json!({"choices": [{}]}), "its `choices` have no `message`").await;
    check(json!([{"choices": []}]), "it is a list").await;
    check(
        json!({"choices": [{"message": {"content": 5}}]}),
        "invalid type: integer",
    )
    .await;
    check(
        json!({"choices": [{"message": "text"}]}),
        "invalid type: string",
    )
    .await;
    check(json!({"error": 5}), "its `error` has no message").await;
}

#[tokio::test]
async fn undecodable_and_oversized_replies_are_rejected() {
    let check = async |reply: Reply, expected: &str| {
        let error = error_of::<String>(reply).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(Reply::body(200, "application/json", ""), "it is empty").await;
    for (api, body) in [
        (Api::Native, &b"{\"message\":{\"content\":\"\xff\"}}"[..]),
        (
            Api::OpenaiChat,
            b"{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}",
        ),
    ] {
        let reply = Reply::body(200, "application/json", body);
        let error = error_on::<String>(api, reply).await;
        assert!(error.to_string().ends_with("it is not UTF-8"), "{error}");
    }
    let deep = format!("{{\"more\":{}", "[".repeat(100_000));
    check(
        Reply::body(200, "application/json", deep),
        "EOF while parsing a list",
    )
    .await;
    let gzip = Reply::with_headers(
        200,
        &[("content-encoding", "gzip"), ("content-length", "3")],
        &[0x1f, 0x8b, 0x08],
    );
    check(gzip, "it is compressed").await;
    let huge = Reply::with_headers(200, &[("content-length", "17000000")], b"").then_silence();
    check(huge, "larger than 16 MiB").await;
    let endless: Vec<Vec<u8>> = vec![vec![b' '; 1 << 20]; 17];
    check(
        Reply::chunked(200, "application/json", &endless),
        "larger than 16 MiB",
    )
    .await;
}

// Counts and durations are optional: a wrong type does not fail the answer.
#[tokio::test]
async fn a_count_of_the_wrong_type_is_ignored() {
    for count in [json!(-1), json!(3.0), json!("3"), json!([3]), json!(null)] {
        let body = json!({"message": {"content": "hello"}, "done": true, "eval_count": count, "total_duration": count});
        let server = Server::start([Reply::json(200, &body)]);
        let outcome = answer::<String>().host(server.host()).outcome().await;
        let outcome = outcome.unwrap();
        assert_eq!(outcome.value, "hello");
        assert_eq!(outcome.usage.completion_tokens, None, "{count}");
        assert_eq!(outcome.timings.total, None, "{count}");
    }
}
