//! Sockets that behave badly, and connections that are kept.

use std::time::Duration;

use alloy_runtime::{Config, ErrorKind, command, with_config};
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

// E2
#[tokio::test]
async fn a_connection_lost_before_the_reply_is_tried_three_times() {
    for reply in [
        Reply::raw(""),
        Reply::raw("HTTP/1.1 200 OK\r\ncontent-"),
        Reply::reset(),
    ] {
        let server = Server::start([reply.clone(), reply.clone(), Reply::answer("hello")]);
        let outcome = hello().host(server.host()).outcome().await.unwrap();
        assert_eq!((outcome.attempts, outcome.sends), (1, 3), "{reply:?}");

        let server = Server::start([reply.clone(), reply.clone(), reply.clone()]);
        let error = hello().host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{reply:?}: {error:?}");
        assert_eq!(error.sends(), 3);
        assert!(std::error::Error::source(&error).is_some());
        assert!(
            format!("{error:?}").contains("\n  sent: 3 times\n"),
            "{error:?}"
        );
    }
}

// E2 G12
#[tokio::test]
async fn a_busy_server_is_asked_again_and_no_other() {
    let check = async |reply: Reply, sends: usize| {
        let script = std::iter::repeat_n(reply.clone(), sends);
        let server = Server::start(script.chain([Reply::answer("hello")]));
        let outcome = hello().host(server.host()).outcome().await;
        assert_eq!(server.requests().len(), sends.min(2) + 1, "{reply:?}");
        outcome.map(|outcome| outcome.sends)
    };
    let busy = "server busy, please try again.  maximum pending requests exceeded";
    assert_eq!(check(Reply::error(503, busy), 1).await.unwrap(), 2);
    assert_eq!(check(Reply::error(502, "bad gateway"), 2).await.unwrap(), 3);
    assert_eq!(
        check(Reply::body(504, "text/html", "<html>"), 1)
            .await
            .unwrap(),
        2
    );
    let tool = "error parsing tool call: raw='{', err=unexpected end of JSON input";
    assert_eq!(check(Reply::error(500, tool), 1).await.unwrap(), 2);
    let quota = r#"{"error":"quota"}"#.as_bytes();
    let headers = [("retry-after", "0"), ("content-length", "17")];
    assert_eq!(
        check(Reply::with_headers(429, &headers, quota), 1)
            .await
            .unwrap(),
        2
    );

    for (reply, kind) in [
        (Reply::error(429, "quota"), ErrorKind::Overloaded),
        (Reply::error(500, "no"), ErrorKind::Server),
        (Reply::error(400, "no"), ErrorKind::Server),
        (
            Reply::answer("hello").cut_short_by(5),
            ErrorKind::Interrupted,
        ),
    ] {
        let server = Server::start([reply]);
        let error = hello().host(server.host()).await.unwrap_err();
        assert_eq!((error.kind(), error.sends()), (kind, 1), "{error:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

// E2: what would not be done in time is not begun.
#[tokio::test]
async fn no_pause_goes_beyond_the_deadline() {
    let server = Server::start([Reply::error(503, "busy"), Reply::answer("hello")]);
    let command = hello().timeout(Duration::from_millis(100));
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!((error.kind(), error.sends()), (ErrorKind::Overloaded, 1));
    assert_eq!(server.requests().len(), 1);
}

// E7: turns are taken from those that run, and not from those that nobody polls.
#[tokio::test]
async fn a_crowd_that_is_not_polled_holds_nobody() {
    use futures::StreamExt as _;

    let server = Server::start(std::iter::repeat_n(Reply::answer("hello"), 600));
    let command = || hello().host(server.host());
    let crowd = futures::stream::iter(0..300).map(|_| command());
    let mut crowd = std::pin::pin!(crowd.buffer_unordered(150));
    let enriched = async {
        let mut count = 0;
        while let Some(answer) = crowd.next().await {
            answer.unwrap();
            command().await.unwrap();
            count += 1;
        }
        count
    };
    let enriched = tokio::time::timeout(Duration::from_secs(30), enriched).await;
    assert_eq!(enriched.expect("nobody waits for ever"), 300);
}

// E7: a server that never answers holds up neither another nor a question.
#[tokio::test]
async fn a_crowd_at_one_server_does_not_keep_from_another() {
    let silent = Server::start(std::iter::repeat_n(Reply::raw("").then_silence(), 200));
    let crowd: Vec<_> = (0..200)
        .map(|_| tokio::spawn(hello().host(silent.host())))
        .collect();
    while silent.requests().len() < 100 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let patience = Duration::from_secs(30);
    let server = Server::start([Reply::answer("hello")]);
    let answer = hello().host(server.host()).timeout(patience).await;
    assert_eq!(answer.unwrap(), "hello");
    let config = Config::new().host(silent.host()).timeout(patience);
    let models = with_config(config, alloy_runtime::models()).await;
    assert_eq!(models.unwrap().len(), 1);
    assert_eq!(
        silent.requests().len(),
        100,
        "the others wait for their turn"
    );
    crowd.iter().for_each(tokio::task::JoinHandle::abort);
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
