//! Sending a stream's request, and retries.

use std::time::Duration;

use alloy_runtime::ErrorKind;
use alloy_tests::server::{Reply, Said, Server};

use super::{body, broken, read, story};
use crate::ROUTES;

// The first poll sends the request, or reports why it cannot be sent.
#[tokio::test]
async fn an_unpolled_stream_sends_nothing() {
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

// E2
#[tokio::test]
async fn a_request_is_retried_until_its_reply_begins() {
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
            assert_eq!(stream.summary().unwrap().requests, 2);
        }
        // At most three times.
        let server = Server::start([Reply::reset(), Reply::reset(), Reply::reset()]);
        let (_, error) = broken(story().api(api).host(server.host()).stream()).await;
        assert_eq!(
            (error.kind(), error.requests()),
            (ErrorKind::Interrupted, 3)
        );
        // After the response head, the effect of the request is unknown: no retry.
        let reply = body(api, &["Once"], "", "").cut_short_by(50);
        let server = Server::start([reply]);
        let (_, error) = broken(story().api(api).host(server.host()).stream()).await;
        assert_eq!(
            (error.kind(), error.requests()),
            (ErrorKind::Interrupted, 1)
        );
    }
}

// E2: `Retry-After` as a date, by the server's clock.
#[tokio::test]
async fn retry_after_may_be_a_date() {
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

    // A date in the past retries at once; a date too far in the future does not retry.
    let passed = busy(now, "Sat, 21 Nov 2026 16:00:00 GMT");
    let server = Server::start([passed, Reply::answer("Hello!")]);
    assert_eq!(story().host(server.host()).await.unwrap(), "Hello!");
    let late = busy(now, "Sat, 21 Nov 2026 18:00:00 GMT");
    let server = Server::start([late]);
    let error = story().host(server.host()).await.unwrap_err();
    assert_eq!((error.kind(), error.requests()), (ErrorKind::Overloaded, 1));
}
