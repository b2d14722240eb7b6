//! Something else that listens where Ollama was looked for.

use alloy_runtime::ErrorKind;
use alloy_tests::server::Reply;
use expect_test::expect;
use serde_json::json;

use super::{check, error_of};

#[tokio::test]
async fn a_neighbour_that_speaks_json() {
    let message =
        json!({"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}});
    let error = error_of::<String>(Reply::json(404, &message)).await;
    assert_eq!(error.kind(), ErrorKind::NotOllama);
    assert_eq!(error.excerpt(), Some("File Not Found"));
}

// Some answer with status 200 to a path that they do not have.
#[tokio::test]
async fn a_neighbour_that_does_not_know_the_endpoint() {
    let message = json!({"error": "Unexpected endpoint or method. (POST /api/chat)"});
    let error = error_of::<String>(Reply::json(200, &message)).await;
    assert_eq!(error.kind(), ErrorKind::NotOllama);
    let told = error.to_string();
    assert!(
        told.contains("is not Ollama: it does not know the endpoint that was asked; set"),
        "{told}"
    );
}

#[tokio::test]
async fn a_web_page() {
    let error = check::<String>(
        Reply::body(200, "text/html", "<!doctype html><title>Router</title>"),
        ErrorKind::NotOllama,
        expect![[r#"
            the server at http://HOST is not Ollama: it answered with a web page; set OLLAMA_HOST to where Ollama listens
              found: <!doctype html><title>Router</title>
              command: answer
              help: Open the address in a browser: Ollama says `Ollama is running`. Set OLLAMA_HOST to the right host and port (or ALLOY_HOST or `.host(…)`, where the address came from there); the usual one is http://127.0.0.1:11434."#]],
    )
    .await;
    assert_eq!(
        error.excerpt(),
        Some("<!doctype html><title>Router</title>")
    );
}

#[tokio::test]
async fn no_such_page() {
    check::<String>(
        Reply::body(404, "text/plain", "404 page not found"),
        ErrorKind::NotOllama,
        expect![[r#"
            the server at http://HOST is not Ollama: it has no /api/chat; set OLLAMA_HOST to where Ollama listens
              found: 404 page not found
              command: answer
              help: Open the address in a browser: Ollama says `Ollama is running`. Set OLLAMA_HOST to the right host and port (or ALLOY_HOST or `.host(…)`, where the address came from there); the usual one is http://127.0.0.1:11434."#]],
    )
    .await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let reply = Reply::with_headers(
        301,
        &[
            ("location", "https://example.com/api/chat"),
            ("content-length", "0"),
        ],
        b"",
    );
    let error = error_of::<String>(reply).await;
    assert_eq!(error.kind(), ErrorKind::NotOllama);
    assert!(
        error
            .to_string()
            .contains("it redirects to https://example.com/api/chat"),
        "{error}"
    );
}

#[tokio::test]
async fn no_http_at_all() {
    let error = error_of::<String>(Reply::raw("SSH-2.0-OpenSSH_9.2\r\n")).await;
    assert_eq!(error.kind(), ErrorKind::NotOllama);
    // What a server that wants TLS says to one that speaks none.
    let error = error_of::<String>(Reply::raw([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x16])).await;
    assert_eq!(error.kind(), ErrorKind::NotOllama);
}
