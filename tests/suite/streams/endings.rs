//! How a stream can end: each way is told apart, after the text so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alloy_runtime::{Api, Decision, ErrorKind, FinishReason, command};
use alloy_tests::server::{Reply, Said, Server};

use super::{body, broken, events, lines, read, story};
use crate::ROUTES;

// S4: each of them is told apart, after the text so far.
#[tokio::test]
async fn each_way_to_end_is_told() {
    let pieces = ["Once ", "upon"];
    let check = async |api: Api, reply: Reply, kind: ErrorKind, words: &str| {
        let server = Server::start([reply]);
        let (text, error) = broken(story().api(api).host(server.host()).stream()).await;
        assert_eq!(text, "Once upon", "{error:?}");
        assert_eq!(error.kind(), kind, "{error:?}");
        assert_eq!(error.partial_text(), Some("Once upon"));
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.command(), Some("story"));
        assert_eq!(error.sends(), 1);
    };
    for api in ROUTES {
        let body = |native: &str, openai_chat: &str| body(api, &pieces, native, openai_chat);
        // The server tells an error in the stream.
        let told = "an error was encountered while running the model: unexpected EOF";
        check(
            api,
            body(
                &format!("{{\"error\":\"{told}\"}}\n"),
                &format!("data: {{\"error\":{{\"message\":\"{told}\"}}}}\n\n"),
            ),
            ErrorKind::ModelLoad,
            told,
        )
        .await;
        // The body ends, and the reply has not.
        check(
            api,
            body("", ""),
            ErrorKind::Interrupted,
            "stopped in the middle of its answer",
        )
        .await;
        // The body ends within a line.
        check(
            api,
            body("{\"message\":{\"con", "data: {\"choices\":[{\"del"),
            ErrorKind::Interrupted,
            "broke off before its end",
        )
        .await;
        // The connection ends.
        check(
            api,
            body("", "").cut_short_by(5),
            ErrorKind::Interrupted,
            "broke off before its end",
        )
        .await;
        // A line is no JSON of a reply.
        check(
            api,
            body("hello\n", "data: hello\n\n"),
            ErrorKind::Protocol,
            "not the JSON of a reply",
        )
        .await;
        check(
            api,
            body("{}\n", "data: {}\n\n"),
            ErrorKind::Protocol,
            "it has no `",
        )
        .await;
        check(
            api,
            body("[1]\n", "data: [1]\n\n"),
            ErrorKind::Protocol,
            "it is a list",
        )
        .await;
        // The limit of tokens.
        let cut = Said::new("Once upon").cut().tokens(3, 2);
        check(
            api,
            Reply::stream(&cut),
            ErrorKind::Truncated,
            "cut off by the limit of tokens, after 2",
        )
        .await;
    }
    // The generation has ended, the stream has not.
    let end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    check(
        Api::OpenaiChat,
        body(Api::OpenaiChat, &pieces, "", end),
        ErrorKind::Interrupted,
        "broke off before its end",
    )
    .await;
    // A refusal, in pieces.
    let refusal = "data: {\"choices\":[{\"delta\":{\"refusal\":\"I can\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"refusal\":\"not.\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    check(
        Api::OpenaiChat,
        body(Api::OpenaiChat, &pieces, "", refusal),
        ErrorKind::Refused,
        "refused to answer: I cannot.",
    )
    .await;
}

// Forms in which other servers tell an error in the middle.
#[tokio::test]
async fn errors_that_other_servers_tell() {
    let check = async |api: Api, told: &str, kind: ErrorKind| {
        let server = Server::start([body(api, &["Once"], told, told)]);
        let (text, error) = broken(story().api(api).host(server.host()).stream()).await;
        assert_eq!(
            (text.as_str(), error.kind()),
            ("Once", kind),
            "{told}: {error:?}"
        );
        if kind == ErrorKind::Server {
            assert!(error.to_string().contains("gone"), "{told}: {error}");
        }
    };
    let server = ErrorKind::Server;
    check(Api::Native, "{\"error\":{\"message\":\"gone\"}}\n", server).await;
    check(Api::Native, "{\"error\":\"gone\"}", server).await;
    for told in [
        "data: {\"error\":{\"message\":\"gone\"},\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\ndata: [DONE]\n\n",
        "data: {\"error\":{\"message\":\"gone\"}}\n\n",
        "event: error\ndata: {\"error\":\"gone\"}\n\n",
        "error: {\"error\":{\"message\":\"gone\"}}\n\n",
        "{\"error\":{\"message\":\"gone\"}}\n",
    ] {
        check(Api::OpenaiChat, told, server).await;
    }
    check(Api::OpenaiChat, "error: gone\n\n", ErrorKind::Protocol).await;
    // Cut within an event, behind the end of a line.
    check(
        Api::OpenaiChat,
        "data: {\"choices\":\n",
        ErrorKind::Interrupted,
    )
    .await;
    // Another answer than the one that was asked for.
    let other = events(&["other"]).replace("\"index\":0", "\"index\":1");
    check(Api::OpenaiChat, &other, ErrorKind::Interrupted).await;
}

// What was held back, because it might have become a tag, is text in the end.
#[tokio::test]
async fn text_that_was_held_back_comes_before_the_error() {
    let server = Server::start([body(Api::Native, &["<thi"], "", "")]);
    let (text, error) = broken(story().host(server.host()).stream()).await;
    assert_eq!(
        (text.as_str(), error.partial_text()),
        ("<thi", Some("<thi"))
    );
}

// What came before an error stays with the stream.
#[tokio::test]
async fn what_came_before_an_error_is_still_there() {
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
async fn an_answer_that_ended_but_is_not_to_be_taken_has_a_summary() {
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

// G11 A stream never asks again, and calls no hook.
#[tokio::test]
async fn conditions_are_checked_at_the_end_and_nothing_is_asked_again() {
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
    assert_eq!((error.attempts(), error.sends()), (1, 2));
    assert_eq!(called.load(Ordering::SeqCst), 0);
    assert_eq!(server.requests().len(), 2);
}
