//! Stream formats of servers, and replies that are not streams.

use alloy_runtime::{Api, ErrorKind, FinishReason};
use alloy_tests::server::{Reply, Said, Server};

use super::{broken, events, lines, read, story};
use crate::ROUTES;

// S3: text in the last line, no line end after it, comments and blank lines.
#[tokio::test]
async fn stream_formats_of_servers_are_read() {
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
    // One object in several `data` lines.
    let several = "data: {\"choices\":\ndata: [{\"delta\":{\"content\":\"Hello!\"},\ndata: \"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    check(Api::OpenaiChat, several).await;
}

// E3
#[tokio::test]
async fn replies_that_are_not_streams_are_reported() {
    let check = async |api: Api, reply: Reply, kind: ErrorKind, words: &str| {
        let server = Server::start([reply]);
        let (text, error) = broken(story().api(api).host(server.host()).stream()).await;
        assert_eq!(text, "");
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    };
    for api in ROUTES {
        let html = Reply::body(200, "text/html", "<html>\n</html>");
        check(api, html, ErrorKind::WrongServer, "a web page").await;
        let zipped = Reply::with_headers(200, &[("content-encoding", "gzip")], b"");
        check(api, zipped, ErrorKind::Protocol, "compressed").await;
        let list = Reply::error(404, "model 'llama3.1' not found");
        check(api, list, ErrorKind::ModelNotFound, "ollama pull").await;
        let utf8 = [b"data: {\"a\":\"\xff\"}\n\n".as_slice()];
        let utf8 = Reply::chunked(200, "", &utf8);
        check(api, utf8, ErrorKind::Protocol, "").await;
    }
}

// A server that ignores `stream` and sends one document: its errors equal those of an awaited call.
#[tokio::test]
async fn a_document_is_read_like_an_awaited_reply() {
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
        // A complete reply is an answer, although it is not streamed.
        let server = Server::start([Reply::said(&Said::new("Hello").thinking("So."))]);
        let mut stream = story().api(api).host(server.host()).stream();
        let (text, error) = read(&mut stream).await;
        assert_eq!((text.as_str(), error.is_none()), ("Hello", true));
        assert_eq!(stream.summary().unwrap().thinking.as_deref(), Some("So."));
    }
    // Without a useful content type.
    for (api, body, kind) in [
        (Api::Native, "upstream error", ErrorKind::Protocol),
        (Api::OpenaiChat, "upstream error", ErrorKind::Protocol),
        (Api::OpenaiChat, "{\"error\":\"gone\"}", ErrorKind::Server),
        (Api::OpenaiChat, "<html>", ErrorKind::WrongServer),
        (Api::Native, "", ErrorKind::Protocol),
    ] {
        let server = Server::start([Reply::body(200, "text/plain", body)]);
        let (_, error) = broken(story().api(api).host(server.host()).stream()).await;
        assert_eq!(error.kind(), kind, "{body}: {error:?}");
    }
}
