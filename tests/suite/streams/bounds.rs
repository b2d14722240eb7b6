//! Endless replies: bounds on the bytes read, the nesting and the text kept.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use alloy_runtime::{Api, ErrorKind};
use alloy_tests::server::{Reply, Said, Server};

use super::{DONE, body, broken, events, lines, story};
use crate::ROUTES;

// E3: a body that never ends and holds only comment lines.
#[tokio::test]
async fn endless_replies_are_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(stream.read(&mut [0; 4096]));
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        let line = format!("{head}:{}\n", "x".repeat(1024 * 1024));
        drop(stream.write_all(line.as_bytes()));
        // Until the client closes the connection.
        while stream.write_all(&line.as_bytes()[head.len()..]).is_ok() {}
    });
    let stream = story().api(Api::OpenaiChat).host(host).stream();
    let (text, error) = broken(stream).await;
    assert_eq!((text.as_str(), error.kind()), ("", ErrorKind::Protocol));
    assert!(error.to_string().contains("larger than 256 MiB"), "{error}");
}

// E3: deeply nested JSON, in fields that are skipped and in fields that are read.
#[tokio::test]
async fn nesting_is_bounded() {
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

// E3: an endless line, and an endless text.
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

        // Text that is never yielded is bounded, too.
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
            let shown = error.to_string();
            assert!(shown.contains("longer than 16 MiB"), "{field}: {shown}");
        }
    }
}

// A reply that is one document has the limits of an awaited reply.
#[tokio::test]
async fn a_document_may_exceed_the_line_limit() {
    let text = "x".repeat(10 * 1024 * 1024);
    for api in ROUTES {
        let server = Server::start([Reply::said(&Said::new(&text))]);
        let mut stream = story().api(api).host(server.host()).stream();
        let (read, error) = super::read(&mut stream).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(read.len(), text.len());
    }
}
