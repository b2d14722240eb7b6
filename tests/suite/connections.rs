//! Misbehaving sockets and connection reuse.

use std::time::Duration;

use alloy_runtime::{Config, ErrorKind, command, with_config};
use alloy_tests::server::{Reply, Server};

use crate::ROUTES;

#[command("Say hello", model = "ollama:llama3.1")]
async fn hello() -> String;

#[tokio::test]
async fn a_reply_is_read_the_same_however_it_is_split() {
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
async fn a_connection_is_reused_after_an_error() {
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
        ErrorKind::WrongServer
    );
    assert_eq!(hello().host(server.host()).await.unwrap(), "hello");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_incomplete_reply_is_interrupted() {
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
async fn a_request_is_sent_three_times_if_the_connection_is_lost() {
    for reply in [
        Reply::raw(""),
        Reply::raw("HTTP/1.1 200 OK\r\ncontent-"),
        Reply::reset(),
    ] {
        let server = Server::start([reply.clone(), reply.clone(), Reply::answer("hello")]);
        let outcome = hello().host(server.host()).outcome().await.unwrap();
        assert_eq!((outcome.attempts, outcome.requests), (1, 3), "{reply:?}");

        let server = Server::start([reply.clone(), reply.clone(), reply.clone()]);
        let error = hello().host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{reply:?}: {error:?}");
        assert_eq!(error.requests(), 3);
        assert!(std::error::Error::source(&error).is_some());
        assert!(
            format!("{error:?}").contains("\n  requests: 3\n"),
            "{error:?}"
        );
    }
}

// E2 G12
#[tokio::test]
async fn only_transient_server_errors_are_retried() {
    let check = async |reply: Reply, sends: usize| {
        let script = std::iter::repeat_n(reply.clone(), sends);
        let server = Server::start(script.chain([Reply::answer("hello")]));
        let outcome = hello().host(server.host()).outcome().await;
        assert_eq!(server.requests().len(), sends.min(2) + 1, "{reply:?}");
        outcome.map(|outcome| outcome.requests)
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
        assert_eq!((error.kind(), error.requests()), (kind, 1), "{error:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

// E2: a retry that cannot start before the deadline is not started.
#[tokio::test]
async fn a_backoff_does_not_exceed_the_deadline() {
    let server = Server::start([Reply::error(503, "busy"), Reply::answer("hello")]);
    let command = hello().timeout(Duration::from_millis(100));
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!((error.kind(), error.requests()), (ErrorKind::Overloaded, 1));
    assert_eq!(server.requests().len(), 1);
}

// E7: a command that nobody polls holds no permit.
#[tokio::test]
async fn unpolled_commands_do_not_block_others() {
    use futures::StreamExt as _;

    let server = Server::start(std::iter::repeat_n(Reply::answer("hello"), 600));
    let command = || hello().host(server.host());
    let commands = futures::stream::iter(0..300).map(|_| command());
    let mut commands = std::pin::pin!(commands.buffer_unordered(150));
    let completed = async {
        let mut count = 0;
        while let Some(answer) = commands.next().await {
            answer.unwrap();
            command().await.unwrap();
            count += 1;
        }
        count
    };
    let completed = tokio::time::timeout(Duration::from_secs(30), completed).await;
    assert_eq!(completed.expect("no command waits forever"), 300);
}

// E7: a server that never answers delays neither another server nor `models()`.
#[tokio::test]
async fn a_stalled_server_does_not_block_another() {
    let silent = Server::start(std::iter::repeat_n(Reply::raw("").then_silence(), 200));
    let commands: Vec<_> = (0..200)
        .map(|_| tokio::spawn(hello().host(silent.host())))
        .collect();
    while silent.requests().len() < 100 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let timeout = Duration::from_secs(30);
    let server = Server::start([Reply::answer("hello")]);
    let answer = hello().host(server.host()).timeout(timeout).await;
    assert_eq!(answer.unwrap(), "hello");
    let config = Config::new().host(silent.host()).timeout(timeout);
    let models = with_config(config, alloy_runtime::models()).await;
    assert_eq!(models.unwrap().len(), 1);
    assert_eq!(
        silent.requests().len(),
        100,
        "the other commands wait for a permit"
    );
    // A timeout that was spent on the queue does not blame the model.
    let queued = hello()
        .host(silent.host())
        .timeout(Duration::from_millis(50));
    let error = queued.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(
        error
            .to_string()
            .contains("it waited for other requests of this program"),
        "{error}"
    );
    commands.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn oversized_headers_are_rejected() {
    let flood = format!("HTTP/1.1 200 OK\r\n{}", "x: y\r\n".repeat(200_000));
    let server = Server::start([Reply::raw(flood)]);
    let error = hello().host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongServer, "{error:?}");
}

#[tokio::test]
async fn invalid_chunked_encoding_is_a_protocol_error() {
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
    .expect("the server sees the closed connection");
}
