//! Other servers at the address of Ollama.

use alloy_runtime::ErrorKind;
use alloy_tests::server::Reply;
use expect_test::expect;
use serde_json::json;

use super::{check, error_of};

#[tokio::test]
async fn another_json_api_is_the_wrong_server() {
    let message =
        json!({"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}});
    let error = error_of::<String>(Reply::json(404, &message)).await;
    assert_eq!(error.kind(), ErrorKind::WrongServer);
    assert_eq!(error.excerpt(), Some("File Not Found"));
}

// Some servers answer an unknown path with status 200.
#[tokio::test]
async fn a_server_without_the_endpoint_is_the_wrong_server() {
    let message = json!({"error": "Unexpected endpoint or method. (POST /api/chat)"});
    let error = error_of::<String>(Reply::json(200, &message)).await;
    assert_eq!(error.kind(), ErrorKind::WrongServer);
    let message = error.to_string();
    assert!(
        message.contains("is not Ollama: it does not know the requested endpoint; set"),
        "{message}"
    );
}

#[tokio::test]
async fn a_web_page_is_the_wrong_server() {
    let error = check::<String>(
        Reply::body(200, "text/html", "<!doctype html><title>Router</title>"),
        ErrorKind::WrongServer,
        expect![[r#"
            the server at http://HOST is not Ollama: it answered with a web page; set OLLAMA_HOST to the address of Ollama
              found: <!doctype html><title>Router</title>
              command: answer
              help: Open the address in a browser: Ollama answers `Ollama is running`. Set OLLAMA_HOST (or ALLOY_HOST or `.host(…)`, if the address came from there) to the right host and port; the default is http://127.0.0.1:11434."#]],
    )
    .await;
    assert_eq!(
        error.excerpt(),
        Some("<!doctype html><title>Router</title>")
    );
}

#[tokio::test]
async fn a_not_found_page_is_the_wrong_server() {
    check::<String>(
        Reply::body(404, "text/plain", "404 page not found"),
        ErrorKind::WrongServer,
        expect![[r#"
            the server at http://HOST is not Ollama: it has no /api/chat; set OLLAMA_HOST to the address of Ollama
              found: 404 page not found
              command: answer
              help: Open the address in a browser: Ollama answers `Ollama is running`. Set OLLAMA_HOST (or ALLOY_HOST or `.host(…)`, if the address came from there) to the right host and port; the default is http://127.0.0.1:11434."#]],
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
    assert_eq!(error.kind(), ErrorKind::WrongServer);
    assert!(
        error
            .to_string()
            .contains("it redirects to https://example.com/api/chat"),
        "{error}"
    );
}

#[tokio::test]
async fn a_reply_that_is_not_http_is_the_wrong_server() {
    let error = error_of::<String>(Reply::raw("SSH-2.0-OpenSSH_9.2\r\n")).await;
    assert_eq!(error.kind(), ErrorKind::WrongServer);
    // The alert that a TLS server sends in reply to plain HTTP.
    let error = error_of::<String>(Reply::raw([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x16])).await;
    assert_eq!(error.kind(), ErrorKind::WrongServer);
}
