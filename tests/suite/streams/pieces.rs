//! Chunks of text, the thinking next to them, and the summary.

use alloy_runtime::{Api, FinishReason, Message, Warning, ask};
use alloy_tests::server::{Reply, Said, Server};
use futures::StreamExt as _;

use super::{STORY, read, story};
use crate::ROUTES;

// S1 S3
#[tokio::test]
async fn chunks_join_to_the_answer() {
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
            assert_eq!((summary.model.as_str(), summary.requests), ("llama3.1", 1));
            assert_eq!(summary.route.api(), Some(api));
            assert!(summary.warnings.is_empty());
        }
        assert_eq!(story().api(api).host(server.host()).await.unwrap(), STORY);
        // Each body was read to its end, so the connection was reused.
        assert_eq!(server.connections(), 1, "{api:?}");
        for request in &server.requests()[..3] {
            let sent = request.json();
            assert_eq!(sent["stream"], true);
            let usage = &sent["stream_options"]["include_usage"];
            assert_eq!(usage.as_bool(), (api != Api::Native).then_some(true));
        }
    }
}

// Implements `futures::Stream`, and can be spawned.
#[tokio::test]
async fn a_text_stream_is_a_futures_stream() {
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

// The future of a chunk works in `select!`, and the stream reports its end.
#[tokio::test]
async fn a_text_stream_works_with_futures_select() {
    use futures::future::{Either, ready, select};
    use futures::stream::FusedStream as _;

    let server = Server::start([Reply::stream(&Said::new("Hello there!"))]);
    let mut stream = story().host(server.host()).stream();
    match select(stream.next(), ready(())).await {
        Either::Left((piece, _)) => panic!("the stream yielded {piece:?} before the first poll"),
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

// S6
#[tokio::test]
async fn thinking_is_separated() {
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

// S6: a template that omits the opening tag: the text is known to be thinking only when the closing tag arrives.
#[tokio::test]
async fn streamed_thinking_is_separated_in_the_summary() {
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

// E5: on `openai_chat` the server truncates a prompt that is too long without an error.
#[tokio::test]
async fn a_full_context_window_is_a_warning_at_the_end() {
    let said = Said::new("Hello!").tokens(4096, 3);
    let server = Server::start([Reply::stream(&said)]);
    let mut stream = story().api(Api::OpenaiChat).host(server.host()).stream();
    let (text, error) = read(&mut stream).await;
    assert_eq!((text.as_str(), error.is_none()), ("Hello!", true));
    let warnings = &stream.summary().unwrap().warnings;
    assert!(warnings[0].to_string().contains("4096"), "{warnings:?}");
}
