//! Texts as they come: what is given out, how a stream can end, and what is left behind.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use alloy_runtime::{
    Api, Decision, Error, ErrorKind, FinishReason, Message, TextStream, Warning, ask, command,
};
use alloy_tests::server::{Reply, Said, Server};
use futures::StreamExt as _;

use crate::ROUTES;

const STORY: &str = "Once upon a time, ein Füchslein 🦊 ran.";

#[command("Tell a story", model = "ollama:llama3.1")]
async fn story() -> String;

/// All that a stream gives: the text, and the error that it ends with. Nothing comes after either.
async fn read(stream: &mut TextStream) -> (String, Option<Error>) {
    let mut text = String::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(piece) => {
                assert!(!piece.is_empty());
                text += &piece;
            }
            Err(error) => {
                assert!(
                    stream.next().await.is_none(),
                    "something came after {error:?}"
                );
                assert!(stream.next().await.is_none());
                return (text, Some(error));
            }
        }
    }
    assert!(stream.next().await.is_none());
    (text, None)
}

/// The same, of a stream that must end with an error.
async fn broken(mut stream: TextStream) -> (String, Error) {
    let (text, error) = read(&mut stream).await;
    (text, error.expect("an error at the end"))
}

/// The native lines of a text, without the end of the reply.
fn lines(pieces: &[&str]) -> String {
    let line = |piece: &&str| {
        let message = serde_json::json!({"role": "assistant", "content": piece});
        serde_json::json!({"message": message, "done": false}).to_string() + "\n"
    };
    pieces.iter().map(line).collect()
}

/// The same as events.
fn events(pieces: &[&str]) -> String {
    let event = |piece: &&str| {
        let choice = serde_json::json!({"index": 0, "delta": {"content": piece}});
        format!("data: {}\n\n", serde_json::json!({"choices": [choice]}))
    };
    pieces.iter().map(event).collect()
}

const DONE: &str = r#"{"message":{"content":""},"done":true,"done_reason":"stop"}"#;

/// A stream with this body, as the route sends it: the pieces of a text and what follows them.
fn body(api: Api, pieces: &[&str], native_end: &str, openai_chat_end: &str) -> Reply {
    match api {
        Api::Native => {
            let body = lines(pieces) + native_end;
            Reply::chunked(200, "application/x-ndjson", &[body])
        }
        _ => {
            let body = events(pieces) + openai_chat_end;
            Reply::chunked(200, "text/event-stream", &[body])
        }
    }
}

// S1 S3
#[tokio::test]
async fn a_text_comes_in_pieces_that_join_to_the_answer() {
    let said = Said::new(STORY).tokens(15, 9);
    for api in ROUTES {
        let whole = Reply::stream(&said);
        let replies = [whole.clone(), whole.clone().at_once(), whole.byte_by_byte()];
        let server = Server::start(replies.into_iter().chain([Reply::said(&said)]));
        for _ in 0..3 {
            let mut stream = story().api(api).host(server.host()).stream();
            assert!(stream.summary().is_none());
            let mut pieces = Vec::new();
            while let Some(piece) = stream.next().await {
                pieces.push(piece.unwrap());
                assert!(stream.summary().is_none());
            }
            assert_eq!(pieces.len(), 8, "{pieces:?}");
            assert_eq!(pieces.concat(), STORY);
            let summary = stream.summary().unwrap();
            assert_eq!(summary.text, STORY);
            assert_eq!(summary.usage.prompt_tokens, Some(15));
            assert_eq!(summary.usage.completion_tokens, Some(9));
            assert_eq!(summary.finish_reason, Some(FinishReason::Stop));
            assert_eq!(summary.timings.total.is_some(), api == Api::Native);
            assert_eq!(summary.messages.len(), 2);
            assert_eq!(summary.messages[1], Message::assistant(STORY));
            assert_eq!((summary.model.as_str(), summary.sends), ("llama3.1", 1));
            assert_eq!(summary.route.api(), Some(api));
            assert!(summary.warnings.is_empty());
        }
        assert_eq!(story().api(api).host(server.host()).await.unwrap(), STORY);
        // The end of each body was waited for.
        assert_eq!(server.connections(), 1, "{api:?}");
        for request in &server.requests()[..3] {
            let sent = request.json();
            assert_eq!(sent["stream"], true);
            let usage = &sent["stream_options"]["include_usage"];
            assert_eq!(usage.as_bool(), (api != Api::Native).then_some(true));
        }
    }
}

// The trait of the futures crate, and a stream that is spawned.
#[tokio::test]
async fn it_is_a_stream_like_any_other() {
    fn is_owned<S: futures::Stream + Send + Unpin + 'static>(_: &S) {}
    is_owned(&story().stream());

    let server = Server::start([
        Reply::stream(&Said::new(STORY)),
        Reply::stream(&Said::new("Hello!")),
    ]);
    let pieces: Vec<_> = story().host(server.host()).stream().collect().await;
    assert_eq!(
        pieces.into_iter().map(Result::unwrap).collect::<String>(),
        STORY
    );

    let stream = ask("Say hello")
        .model("llama3.1")
        .host(server.host())
        .stream();
    let text = tokio::spawn(stream.map(Result::unwrap).collect::<String>());
    assert_eq!(text.await.unwrap(), "Hello!");
}

// S6
#[tokio::test]
async fn thinking_is_kept_apart() {
    for api in ROUTES {
        let said = Said::new("Four.").thinking("Two and two.");
        let inline = "<think>\nTwo and two.\n</think>\n\nFour.";
        let server = Server::start([
            Reply::stream(&said),
            Reply::stream(&Said::new(inline)).byte_by_byte(),
        ]);
        for _ in 0..2 {
            let mut stream = story().api(api).host(server.host()).stream();
            assert_eq!(stream.thinking(), "");
            assert_eq!(stream.next().await.unwrap().unwrap(), "Four.");
            assert_eq!(stream.thinking(), "Two and two.");
            assert!(stream.next().await.is_none());
            assert_eq!(stream.thinking(), "Two and two.");
            let summary = stream.summary().unwrap();
            assert_eq!(summary.text, "Four.");
            assert_eq!(summary.thinking.as_deref(), Some("Two and two."));
        }
    }
}

mod endings {
    use super::*;

    // S3: the last line has a text; there is no line end behind it; comments and blank lines.
    #[tokio::test]
    async fn forms_that_servers_have() {
        let check = async |api: Api, body: &str| {
            for reply in [
                Reply::chunked(200, "", &[body]),
                Reply::chunked(200, "", &[body]).byte_by_byte(),
            ] {
                let server = Server::start([reply]);
                let mut stream = story().api(api).host(server.host()).stream();
                let (text, error) = read(&mut stream).await;
                assert!(error.is_none(), "{body:?}: {error:?}");
                assert_eq!(text, "Hello!", "{body:?}");
                let summary = stream.summary().unwrap();
                assert_eq!(summary.finish_reason, Some(FinishReason::Stop));
            }
        };
        let last = r#"{"message":{"content":"lo!"},"done":true,"done_reason":"stop"}"#;
        for end in ["", "\n", "\r\n", "\n\n \n"] {
            let lines = lines(&["Hel"]).replace('\n', "\r\n");
            check(Api::Native, &format!("\n{lines}{last}{end}")).await;
        }
        let last = r#"data:{"choices":[{"delta":{"content":"lo!"},"finish_reason":"stop"}]}"#;
        for end in [
            "\n\ndata: [DONE]\n\n",
            "\n\ndata: [DONE]",
            "\n\ndata:[DONE]\n",
        ] {
            let events = format!(": hello\nevent: x\nid: 3\n{}{last}{end}", events(&["Hel"]));
            check(Api::OpenaiChat, &events).await;
            check(Api::OpenaiChat, &events.replace('\n', "\r\n")).await;
            check(Api::OpenaiChat, &events.replace('\n', "\r")).await;
            check(Api::OpenaiChat, &format!("\u{feff}{events}")).await;
        }
        // One object on several lines of data.
        let several = "data: {\"choices\":\ndata: [{\"delta\":{\"content\":\"Hello!\"},\ndata: \"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        check(Api::OpenaiChat, several).await;
    }

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

    // E3
    #[tokio::test]
    async fn what_is_no_stream_is_told() {
        let check = async |api: Api, reply: Reply, kind: ErrorKind, words: &str| {
            let server = Server::start([reply]);
            let (text, error) = broken(story().api(api).host(server.host()).stream()).await;
            assert_eq!(text, "");
            assert_eq!(error.kind(), kind, "{error:?}");
            assert!(error.to_string().contains(words), "{error}");
        };
        for api in ROUTES {
            let html = Reply::body(200, "text/html", "<html>\n</html>");
            check(api, html, ErrorKind::NotOllama, "a web page").await;
            let zipped = Reply::with_headers(200, &[("content-encoding", "gzip")], b"");
            check(api, zipped, ErrorKind::Protocol, "compressed").await;
            let list = Reply::error(404, "model 'llama3.1' not found");
            check(api, list, ErrorKind::ModelNotFound, "ollama pull").await;
            let utf8 = [b"data: {\"a\":\"\xff\"}\n\n".as_slice()];
            let utf8 = Reply::chunked(200, "", &utf8);
            check(api, utf8, ErrorKind::Protocol, "").await;
        }
    }

    // A server that sends one document instead: it is told as it would be of a reply that is not streamed.
    #[tokio::test]
    async fn a_document_is_read_as_one() {
        let json = "application/json; charset=utf-8";
        for api in ROUTES {
            for (kind, document) in [
                (json, ""),
                (json, "{\"status\":\"ok\"}"),
                (json, "{\n \"error\": {\n \"message\": \"no such thing\"}}"),
                (json, "\n{\"error\":\"no such thing\"}"),
                (json, "upstream error"),
                (json, "[1]"),
                ("text/html", "\n<!DOCTYPE html>\n<p>Hello"),
            ] {
                let reply = || Reply::body(200, kind, document);
                let server = Server::start([reply(), reply()]);
                let command = || story().api(api).host(server.host());
                let awaited = command().await.unwrap_err();
                let (text, error) = broken(command().stream()).await;
                assert_eq!(
                    (text.as_str(), error.kind()),
                    ("", awaited.kind()),
                    "{document}"
                );
                assert_eq!(error.to_string(), awaited.to_string());
            }
            // A whole reply is an answer, if not a stream of one.
            let server = Server::start([Reply::said(&Said::new("Hello").thinking("So."))]);
            let mut stream = story().api(api).host(server.host()).stream();
            let (text, error) = read(&mut stream).await;
            assert_eq!((text.as_str(), error.is_none()), ("Hello", true));
            assert_eq!(stream.summary().unwrap().thinking.as_deref(), Some("So."));
        }
        // Where the kind is not told.
        for (api, body, kind) in [
            (Api::Native, "upstream error", ErrorKind::Protocol),
            (Api::OpenaiChat, "upstream error", ErrorKind::Protocol),
            (Api::OpenaiChat, "{\"error\":\"gone\"}", ErrorKind::Server),
            (Api::OpenaiChat, "<html>", ErrorKind::NotOllama),
            (Api::Native, "", ErrorKind::Protocol),
        ] {
            let server = Server::start([Reply::body(200, "text/plain", body)]);
            let (_, error) = broken(story().api(api).host(server.host()).stream()).await;
            assert_eq!(error.kind(), kind, "{body}: {error:?}");
        }
    }

    // E3: a body that never ends, of lines that say nothing.
    #[tokio::test]
    async fn a_reply_does_not_go_on_for_ever() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            drop(stream.read(&mut [0; 4096]));
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
            let line = format!("{head}:{}\n", "x".repeat(1024 * 1024));
            drop(stream.write_all(line.as_bytes()));
            // Until the client has enough.
            while stream.write_all(&line.as_bytes()[head.len()..]).is_ok() {}
        });
        let stream = story().api(Api::OpenaiChat).host(host).stream();
        let (text, error) = broken(stream).await;
        assert_eq!((text.as_str(), error.kind()), ("", ErrorKind::Protocol));
        assert!(error.to_string().contains("larger than 256 MiB"), "{error}");
    }

    // E3: JSON that is nested without end, in what is skipped and in what is read.
    #[tokio::test]
    async fn depth_is_bounded() {
        let deep = "[".repeat(1_000_000);
        for api in ROUTES {
            for place in ["more", "message", "choices"] {
                let line = format!("{{\"{place}\":{deep}");
                let reply = body(
                    api,
                    &["Once"],
                    &format!("{line}\n"),
                    &format!("data: {line}\n\n"),
                );
                let server = Server::start([reply]);
                let (text, error) = broken(story().api(api).host(server.host()).stream()).await;
                assert_eq!((text.as_str(), error.kind()), ("Once", ErrorKind::Protocol));
            }
        }
    }

    // E3: a line without an end, and a text without one.
    #[tokio::test]
    async fn memory_is_bounded() {
        for api in ROUTES {
            let long = match api {
                Api::Native => "{\"message\":{\"content\":\"".to_owned(),
                _ => "data: {\"choices\":[{\"delta\":{\"content\":\"".to_owned(),
            };
            let long = long + &"x".repeat(9 * 1024 * 1024);
            let server = Server::start([Reply::chunked(200, "", &[long])]);
            let (text, error) = broken(story().api(api).host(server.host()).stream()).await;
            assert_eq!((text.as_str(), error.kind()), ("", ErrorKind::Protocol));
            assert!(error.to_string().contains("more than 8 MiB"), "{error}");

            let piece = "x".repeat(1024 * 1024);
            let pieces = vec![piece.as_str(); 17];
            let server = Server::start([body(api, &pieces, DONE, "data: [DONE]\n\n")]);
            let (text, error) = broken(story().api(api).host(server.host()).stream()).await;
            assert!(text.len() < 17 * 1024 * 1024);
            assert!(error.to_string().contains("longer than 16 MiB"), "{error}");

            // What is never given out is bounded, too.
            let blanks = " ".repeat(1024 * 1024);
            for (first, more, field) in [
                ("So.", &piece, "thinking"),
                ("No.", &piece, "refusal"),
                ("<think>", &piece, "content"),
                (" ", &blanks, "content"),
            ] {
                let field = match (api, field) {
                    (Api::Native, "refusal") => continue,
                    (Api::OpenaiChat, "thinking") => "reasoning",
                    (_, field) => field,
                };
                let line = |text: &str| match api {
                    Api::Native => lines(&[text]).replace("content", field),
                    _ => events(&[text]).replace("content", field),
                };
                let more = line(more);
                let chunks: Vec<String> = [line(first)].into_iter().chain(vec![more; 17]).collect();
                let server = Server::start([Reply::chunked(200, "", &chunks)]);
                let (text, error) = broken(story().api(api).host(server.host()).stream()).await;
                assert_eq!(text, "");
                let told = error.to_string();
                assert!(told.contains("longer than 16 MiB"), "{field}: {told}");
            }
        }
    }
}

// E2
#[tokio::test]
async fn a_request_is_sent_again_until_its_reply_begins() {
    let hello = Reply::stream(&Said::new("Hello!"));
    for api in ROUTES {
        for failure in [
            Reply::reset(),
            Reply::raw(""),
            Reply::error(502, "bad gateway"),
            Reply::with_headers(429, &[("retry-after", "0"), ("content-length", "0")], b""),
        ] {
            let server = Server::start([failure.clone(), hello.clone()]);
            let mut stream = story().api(api).host(server.host()).stream();
            let (text, error) = read(&mut stream).await;
            assert!(error.is_none(), "{failure:?}: {error:?}");
            assert_eq!(text, "Hello!");
            assert_eq!(stream.summary().unwrap().sends, 2);
        }
        // Three times at most.
        let server = Server::start([Reply::reset(), Reply::reset(), Reply::reset()]);
        let (_, error) = broken(story().api(api).host(server.host()).stream()).await;
        assert_eq!((error.kind(), error.sends()), (ErrorKind::Interrupted, 3));
        // The head has come: what the request did is not known.
        let reply = body(api, &["Once"], "", "").cut_short_by(50);
        let server = Server::start([reply]);
        let (_, error) = broken(story().api(api).host(server.host()).stream()).await;
        assert_eq!((error.kind(), error.sends()), (ErrorKind::Interrupted, 1));
    }
}

// E2: a date, by the server's own clock.
#[tokio::test]
async fn a_server_may_give_a_date_to_come_back_at() {
    let busy = |date: &str, at: &str| {
        let headers = [("date", date), ("retry-after", at), ("content-length", "0")];
        Reply::with_headers(429, &headers, b"")
    };
    let now = "Sat, 21 Nov 2026 17:00:00 GMT";
    let soon = busy(now, "Sat, 21 Nov 2026 17:00:01 GMT");
    let server = Server::start([soon, Reply::answer("Hello!")]);
    let start = tokio::time::Instant::now();
    assert_eq!(story().host(server.host()).await.unwrap(), "Hello!");
    assert!(start.elapsed() >= Duration::from_secs(1));

    // A date that has passed is at once, one that is far away is never.
    let passed = busy(now, "Sat, 21 Nov 2026 16:00:00 GMT");
    let server = Server::start([passed, Reply::answer("Hello!")]);
    assert_eq!(story().host(server.host()).await.unwrap(), "Hello!");
    let late = busy(now, "Sat, 21 Nov 2026 18:00:00 GMT");
    let server = Server::start([late]);
    let error = story().host(server.host()).await.unwrap_err();
    assert_eq!((error.kind(), error.sends()), (ErrorKind::Overloaded, 1));
}

mod time {
    use super::*;

    // S5
    #[tokio::test]
    async fn silence_between_two_pieces_is_bounded() {
        for api in ROUTES {
            let reply = body(api, &["Once"], "", "").cut_short_by(5).then_silence();
            let server = Server::start([reply]);
            let command = story().api(api).idle_timeout(Duration::from_millis(50));
            let (text, error) = broken(command.host(server.host()).stream()).await;
            assert_eq!((text.as_str(), error.kind()), ("Once", ErrorKind::TimedOut));
            assert_eq!(
                error.to_string(),
                "the reply stopped: no byte for 50ms, the idle timeout"
            );
            assert_eq!(error.partial_text(), Some("Once"));
        }
    }

    // S5: a model may load for longer than that.
    #[tokio::test]
    async fn silence_before_the_reply_is_not() {
        let reply = Reply::stream(&Said::new("Hello!")).after(Duration::from_millis(150));
        let server = Server::start([reply]);
        let command = story().idle_timeout(Duration::from_millis(50));
        let (text, error) = read(&mut command.host(server.host()).stream()).await;
        assert_eq!((text.as_str(), error.is_none()), ("Hello!", true));
    }

    // The timeout is for everything: before the reply, in the middle of it, and of one that never pauses.
    #[tokio::test]
    async fn the_timeout_covers_the_whole_stream() {
        let begun = body(Api::Native, &["Once"], "", "").cut_short_by(5);
        for (told, reply) in [
            ("no answer within 100ms", Reply::raw("").then_silence()),
            (
                "the text was not finished within 100ms",
                begun.then_silence(),
            ),
        ] {
            let server = Server::start([reply]);
            let command = story().timeout(Duration::from_millis(100));
            let (_, error) = broken(command.host(server.host()).stream()).await;
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(error.to_string(), format!("{told}, the command's timeout"));
        }
        let endless = body(Api::Native, &["Once"], &"\n".repeat(50_000_000), "");
        let server = Server::start([endless]);
        let command = story().timeout(Duration::from_millis(20));
        let (_, error) = broken(command.host(server.host()).stream()).await;
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error:?}");
    }

    // The end of a body that does not come is not waited for.
    #[tokio::test]
    async fn a_reply_ends_with_its_last_line() {
        for api in ROUTES {
            let reply = body(
                api,
                &["Hello!"],
                &format!("{DONE}\n"),
                "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
            );
            let server = Server::start([reply.cut_short_by(5).then_silence()]);
            let mut stream = story().api(api).host(server.host()).stream();
            let (text, error) = read(&mut stream).await;
            assert_eq!((text.as_str(), error.is_none()), ("Hello!", true));
            drop(stream);
            closed(&server, 1).await;
        }
    }
}

/// Waits until the server sees the end of so many connections.
async fn closed(server: &Server, count: usize) {
    let seen = async {
        while server.closed() < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(10), seen).await;
    seen.expect("the server sees the end of the connections");
}

// S5
#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    for api in ROUTES {
        let reply = || body(api, &["Once"], "", "").cut_short_by(5).then_silence();
        let server = Server::start([reply(), Reply::raw("").then_silence()]);
        // In the middle of the text.
        let mut stream = story().api(api).host(server.host()).stream();
        assert_eq!(stream.next().await.unwrap().unwrap(), "Once");
        assert_eq!(server.closed(), 0);
        drop(stream);
        closed(&server, 1).await;
        // Before the reply.
        let mut stream = story().api(api).host(server.host()).stream();
        let waiting = tokio::time::timeout(Duration::from_millis(50), stream.next());
        assert!(waiting.await.is_err());
        drop(stream);
        closed(&server, 2).await;
    }
}

// `select!` drops what it does not take: the next piece is not lost with it.
#[tokio::test]
async fn waiting_for_a_piece_may_be_given_up() {
    let server = Server::start([Reply::stream(&Said::new(STORY)).byte_by_byte()]);
    let mut stream = story().host(server.host()).stream();
    let mut text = String::new();
    loop {
        tokio::select! {
            biased;
            () = tokio::task::yield_now() => {}
            piece = stream.next() => match piece {
                Some(piece) => text += &piece.unwrap(),
                None => break,
            },
        }
    }
    assert_eq!(text, STORY);
}

// Nothing is sent before the first poll, and what cannot be sent is told there.
#[tokio::test]
async fn a_stream_that_is_not_polled_sends_nothing() {
    let server = Server::start([]);
    drop(story().host(server.host()).stream());
    assert!(server.requests().is_empty());
    let (text, error) = broken(story().host(server.host()).temperature(9.0).stream()).await;
    assert_eq!(
        (text.as_str(), error.kind()),
        ("", ErrorKind::Configuration)
    );
    assert_eq!(server.connections(), 0);
}

// E5: on `openai_chat` the server cuts a prompt that is too long without a word.
#[tokio::test]
async fn a_context_that_was_filled_is_a_warning_at_the_end() {
    let said = Said::new("Hello!").tokens(4096, 3);
    let server = Server::start([Reply::stream(&said)]);
    let mut stream = story().api(Api::OpenaiChat).host(server.host()).stream();
    let (text, error) = read(&mut stream).await;
    assert_eq!((text.as_str(), error.is_none()), ("Hello!", true));
    let warnings = &stream.summary().unwrap().warnings;
    assert!(warnings[0].to_string().contains("4096"), "{warnings:?}");
}

// S6: a template that leaves the opening tag out: nothing tells before the closing one, and then it is told.
#[tokio::test]
async fn thinking_that_was_given_out_is_apart_in_the_summary() {
    let server = Server::start([Reply::stream(&Said::new("Two and two.\n</think>\n\nFour."))]);
    let mut stream = story().host(server.host()).stream();
    let (text, error) = read(&mut stream).await;
    assert!(error.is_none(), "{error:?}");
    assert!(text.ends_with("Four."), "{text}");
    let summary = stream.into_summary().unwrap();
    assert_eq!(summary.text, "Four.");
    assert_eq!(summary.thinking.as_deref(), Some("Two and two."));
    assert_eq!(summary.messages[1].content, "Four.");
    assert!(matches!(summary.warnings[..], [Warning::ThinkingStreamed]));
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

// The future of a piece can be selected on, and the stream says when it is over.
#[tokio::test]
async fn it_works_with_the_tools_of_the_futures_crate() {
    use futures::future::{Either, ready, select};
    use futures::stream::FusedStream as _;

    let server = Server::start([Reply::stream(&Said::new("Hello there!"))]);
    let mut stream = story().host(server.host()).stream();
    match select(stream.next(), ready(())).await {
        Either::Left((piece, _)) => panic!("{piece:?} before it was asked for"),
        Either::Right(((), _)) => {}
    }
    let mut text = String::new();
    loop {
        futures::select! {
            piece = futures::StreamExt::select_next_some(&mut stream) => text += &piece.unwrap(),
            complete => break,
        }
    }
    assert!(stream.is_terminated());
    assert_eq!(
        (text.as_str(), stream.text()),
        ("Hello there!", "Hello there!")
    );
}

// Time in which nobody asks for a piece is no silence of the server.
#[tokio::test]
async fn a_consumer_may_take_its_time() {
    let server = Server::start([Reply::stream(&Said::new(STORY))]);
    let command = story().idle_timeout(Duration::from_millis(40));
    let mut stream = command.host(server.host()).stream();
    let mut text = stream.next().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (rest, error) = read(&mut stream).await;
    text += &rest;
    assert_eq!((text.as_str(), error.is_none()), (STORY, true));
}
