//! Endings of a stream: each is reported with its kind, after the text so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alloy_runtime::{Api, Decision, ErrorKind, FinishReason, command};
use alloy_tests::server::{Reply, Said, Server};

use super::{body, broken, events, lines, read, story};
use crate::ROUTES;

// S4
#[tokio::test]
async fn every_ending_is_reported() {
    let pieces = ["Once ", "upon"];
    let check = async |api: Api, reply: Reply, kind: ErrorKind, words: &str| {
        let server = Server::start([reply]);
        let (text, error) = broken(story().api(api).host(server.host()).stream()).await;
        assert_eq!(text, "Once upon", "{error:?}");
        assert_eq!(error.kind(), kind, "{error:?}");
        assert_eq!(error.partial_text(), Some("Once upon"));
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.command(), Some("story"));
        assert_eq!(error.requests(), 1);
    };
    for api in ROUTES {
        let body = |native: &str, openai_chat: &str| body(api, &pieces, native, openai_chat);
        // The server reports an error in the stream.
        let sent = "an error was encountered while running the model: unexpected EOF";
        check(
            api,
            body(
                &format!("{{\"error\":\"{sent}\"}}\n"),
                &format!("data: {{\"error\":{{\"message\":\"{sent}\"}}}}\n\n"),
            ),
            ErrorKind::ModelStopped,
            sent,
        )
        .await;
        // The body ends before the final event.
        check(
            api,
            body("", ""),
            ErrorKind::Interrupted,
            "stopped in the middle of its answer",
        )
        .await;
        // The body ends in the middle of a line.
        check(
            api,
            body("{\"message\":{\"con", "data: {\"choices\":[{\"del"),
            ErrorKind::Interrupted,
            "ended before it was complete",
        )
        .await;
        // The connection closes.
        check(
            api,
            body("", "").cut_short_by(5),
            ErrorKind::Interrupted,
            "ended before it was complete",
        )
        .await;
        // A line is not the JSON of a reply.
        check(
            api,
            body("hello\n", "data: hello\n\n"),
            ErrorKind::Protocol,
            "not the JSON of a reply",
        )
        .await;
        check(
            api,
            body("{}\n", "data: {\"choices\":5}\n\n"),
            ErrorKind::Protocol,
            "does not follow the protocol",
        )
        .await;
        check(
            api,
            body("[1]\n", "data: [1]\n\n"),
            ErrorKind::Protocol,
            "it is a list",
        )
        .await;
        // The token limit.
        let cut = Said::new("Once upon").cut().tokens(3, 2);
        check(
            api,
            Reply::stream(&cut),
            ErrorKind::Truncated,
            "cut off at the token limit, after 2 tokens",
        )
        .await;
    }
    // The finish reason has arrived, the end of the stream has not.
    let end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    check(
        Api::OpenaiChat,
        body(Api::OpenaiChat, &pieces, "", end),
        ErrorKind::Interrupted,
        "ended before it was complete",
    )
    .await;
    // A refusal in several chunks.
    let refusal = "data: {\"choices\":[{\"delta\":{\"refusal\":\"I can\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"refusal\":\"not.\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    check(
        Api::OpenaiChat,
        body(Api::OpenaiChat, &pieces, "", refusal),
        ErrorKind::Refused,
        "refused to answer: I cannot.",
    )
    .await;
}

// Error formats of other servers in the middle of a stream.
#[tokio::test]
async fn error_formats_of_other_servers_are_read() {
    let check = async |api: Api, sent: &str, kind: ErrorKind| {
        let server = Server::start([body(api, &["Once"], sent, sent)]);
        let (text, error) = broken(story().api(api).host(server.host()).stream()).await;
        assert_eq!(
            (text.as_str(), error.kind()),
            ("Once", kind),
            "{sent}: {error:?}"
        );
        if kind == ErrorKind::Server {
            assert!(error.to_string().contains("gone"), "{sent}: {error}");
        }
    };
    let server = ErrorKind::Server;
    check(Api::Native, "{\"error\":{\"message\":\"gone\"}}\n", server).await;
    check(Api::Native, "{\"error\":\"gone\"}", server).await;
    for sent in [
        "data: {\"error\":{\"message\":\"gone\"},\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\ndata: [DONE]\n\n",
        "data: {\"error\":{\"message\":\"gone\"}}\n\n",
        "event: error\ndata: {\"error\":\"gone\"}\n\n",
        "error: {\"error\":{\"message\":\"gone\"}}\n\n",
        "{\"error\":{\"message\":\"gone\"}}\n",
    ] {
        check(Api::OpenaiChat, sent, server).await;
    }
    check(Api::OpenaiChat, "error: gone\n\n", ErrorKind::Protocol).await;
    // Cut inside an event, after the end of a line.
    check(
        Api::OpenaiChat,
        "data: {\"choices\":\n",
        ErrorKind::Interrupted,
    )
    .await;
    // A choice that was not requested.
    let other = events(&["other"]).replace("\"index\":0", "\"index\":1");
    check(Api::OpenaiChat, &other, ErrorKind::Interrupted).await;
}

// Text is held back while it may become a tag.
#[tokio::test]
async fn held_back_text_precedes_the_error() {
    let server = Server::start([body(Api::Native, &["<thi"], "", "")]);
    let (text, error) = broken(story().host(server.host()).stream()).await;
    assert_eq!(
        (text.as_str(), error.partial_text()),
        ("<thi", Some("<thi"))
    );
}

// Text and thinking before an error stay available.
#[tokio::test]
async fn text_before_an_error_is_kept() {
    let thinking = r#"{"message":{"content":"","thinking":"So."},"done":false}"#;
    let reply = body(
        Api::Native,
        &[],
        &format!("{thinking}\n{}", lines(&["Once"])),
        "",
    );
    let server = Server::start([reply]);
    let mut stream = story().host(server.host()).stream();
    let (text, error) = read(&mut stream).await;
    assert_eq!(error.unwrap().kind(), ErrorKind::Interrupted);
    assert_eq!(text, "Once");
    assert_eq!((stream.text(), stream.thinking()), ("Once", "So."));
    assert!(stream.into_summary().is_none());
}

#[tokio::test]
async fn a_finished_but_rejected_answer_has_a_summary() {
    let cut = Said::new("Once upon").cut();
    let server = Server::start([Reply::stream(&cut), Reply::stream(&Said::new("  "))]);
    let mut stream = story().host(server.host()).stream();
    let (_, error) = read(&mut stream).await;
    assert_eq!(error.unwrap().usage().unwrap().completion_tokens, Some(12));
    let summary = stream.summary().unwrap();
    assert_eq!(summary.finish_reason, Some(FinishReason::Length));
    assert_eq!(summary.text, "Once upon");

    let mut stream = story().host(server.host()).stream();
    let (_, error) = read(&mut stream).await;
    let error = error.unwrap();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Empty, 1));
    assert!(stream.summary().is_some());
}

// G11: a stream never re-asks, and calls no hook.
#[tokio::test]
async fn conditions_are_checked_at_the_end_without_a_reask() {
    #[command("Say hello", model = "ollama:llama3.1", retry = 3)]
    #[ensure(|text| text.len() < 5, "must be short")]
    async fn short() -> String;

    let called = Arc::new(AtomicUsize::new(0));
    let count = {
        let called = Arc::clone(&called);
        move || {
            called.fetch_add(1, Ordering::SeqCst);
        }
    };
    let (on_retry, on_invalid) = (count.clone(), count);
    let server = Server::start([
        Reply::error(503, "busy"),
        Reply::stream(&Said::new("Hello there!")),
    ]);
    let command = short()
        .host(server.host())
        .on_retry(move |_| on_retry())
        .on_invalid(move |_| {
            on_invalid();
            Decision::Retry
        });
    let (text, error) = broken(command.stream()).await;
    assert_eq!(text, "Hello there!");
    assert_eq!(error.kind(), ErrorKind::InvalidOutput);
    assert!(error.to_string().ends_with("must be short"), "{error}");
    assert_eq!((error.attempts(), error.requests()), (1, 2));
    assert_eq!(called.load(Ordering::SeqCst), 0);
    assert_eq!(server.requests().len(), 2);
}
