//! Sockets that behave badly, and connections that are kept.

use std::time::Duration;

use alloy_runtime::{ErrorKind, command};
use alloy_tests::server::{Reply, Server};

use crate::ROUTES;

#[command("Say hello", model = "ollama:llama3.1")]
async fn hello() -> String;

#[tokio::test]
async fn replies_are_the_same_however_they_are_split() {
    let native = [
        &br#"{"message":{"role":"assistant","content":"h\u00e4llo "#[..],
        "ö😀".as_bytes(),
        br#""},"done":true}"#,
    ];
    let compatible = [
        &br#"{"choices":[{"message":{"content":"h\u00e4llo "#[..],
        "ö😀".as_bytes(),
        br#""},"finish_reason":"stop"}]}"#,
    ];
    for (api, chunks) in ROUTES.into_iter().zip([native, compatible]) {
        let whole = Reply::chunked(200, "application/json", &chunks);
        let server = Server::start([whole.clone(), whole.clone().at_once(), whole.byte_by_byte()]);
        for _ in 0..3 {
            let answer = hello().api(api).host(server.host()).await;
            assert_eq!(answer.unwrap(), "hällo ö😀");
        }
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn a_connection_is_kept_after_an_error_too() {
    let server = Server::start([
        Reply::error(500, "no"),
        Reply::body(200, "text/html", "<html>"),
        Reply::answer("hello"),
    ]);
    assert_eq!(
        hello().host(server.host()).await.unwrap_err().kind(),
        ErrorKind::Server
    );
    assert_eq!(
        hello().host(server.host()).await.unwrap_err().kind(),
        ErrorKind::NotOllama
    );
    assert_eq!(hello().host(server.host()).await.unwrap(), "hello");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn half_a_reply_is_interrupted() {
    let whole = Reply::answer("hello");
    for (api, cut) in ROUTES
        .into_iter()
        .flat_map(|api| [1, 20, 200].map(|cut| (api, cut)))
    {
        let server = Server::start([whole.clone().cut_short_by(cut)]);
        let error = hello().api(api).host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{cut}: {error:?}");
    }
    let chunked = Reply::chunked(200, "application/json", &["{\"message\":", "{}}"]);
    let server = Server::start([chunked.cut_short_by(5)]);
    assert_eq!(
        hello().host(server.host()).await.unwrap_err().kind(),
        ErrorKind::Interrupted
    );
}

#[tokio::test]
async fn a_connection_closed_or_reset_before_the_reply_is_interrupted() {
    for reply in [
        Reply::raw(""),
        Reply::raw("HTTP/1.1 200 OK\r\ncontent-"),
        Reply::reset(),
    ] {
        let server = Server::start([reply.clone()]);
        let error = hello().host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{reply:?}: {error:?}");
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[tokio::test]
async fn a_flood_of_headers_is_refused() {
    let flood = format!("HTTP/1.1 200 OK\r\n{}", "x: y\r\n".repeat(200_000));
    let server = Server::start([Reply::raw(flood)]);
    let error = hello().host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotOllama, "{error:?}");
}

#[tokio::test]
async fn broken_chunks_are_a_protocol_error() {
    let reply = Reply::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n");
    let server = Server::start([reply]);
    let error = hello().host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
}

#[tokio::test]
async fn dropping_a_command_closes_its_connection() {
    let server = Server::start([Reply::raw("").then_silence()]);
    let running = tokio::spawn(hello().host(server.host()));
    while server.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    running.abort();
    tokio::time::timeout(Duration::from_secs(10), async {
        while server.closed() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("the server sees the end of the connection");
}
