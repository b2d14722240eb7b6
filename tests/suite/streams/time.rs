//! Timeouts of streams.

use std::time::Duration;

use alloy_runtime::{Api, ErrorKind};
use alloy_tests::server::{Reply, Said, Server};

use super::{DONE, STORY, body, broken, closed, read, story};
use crate::ROUTES;

// S5
#[tokio::test]
async fn silence_between_two_chunks_is_bounded() {
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

// S5: a model may take longer than that to load.
#[tokio::test]
async fn the_idle_timeout_does_not_cover_the_wait_for_the_reply() {
    let reply = Reply::stream(&Said::new("Hello!")).after(Duration::from_millis(150));
    let server = Server::start([reply]);
    let command = story().idle_timeout(Duration::from_millis(50));
    let (text, error) = read(&mut command.host(server.host()).stream()).await;
    assert_eq!((text.as_str(), error.is_none()), ("Hello!", true));
}

// The idle timeout does not run while nobody polls the stream.
#[tokio::test]
async fn a_slow_consumer_is_not_a_timeout() {
    let server = Server::start([Reply::stream(&Said::new(STORY))]);
    let command = story().idle_timeout(Duration::from_millis(40));
    let mut stream = command.host(server.host()).stream();
    let mut text = stream.next().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (rest, error) = read(&mut stream).await;
    text += &rest;
    assert_eq!((text.as_str(), error.is_none()), (STORY, true));
}

// The timeout covers the wait for the reply, a pause in it, and a reply that never pauses.
#[tokio::test]
async fn the_timeout_covers_the_whole_stream() {
    let begun = body(Api::Native, &["Once"], "", "").cut_short_by(5);
    for (shown, reply) in [
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
        assert_eq!(error.to_string(), format!("{shown}, the command's timeout"));
    }
    let endless = body(Api::Native, &["Once"], &"\n".repeat(50_000_000), "");
    let server = Server::start([endless]);
    let command = story().timeout(Duration::from_millis(20));
    let (_, error) = broken(command.host(server.host()).stream()).await;
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error:?}");
}

// The client does not wait for a body to end after the last line.
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
