//! TLS failures.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use super::{Client, HttpRequest};
use crate::error::ErrorKind;

async fn error_kind(url: &str) -> ErrorKind {
    let request = HttpRequest {
        url: &url.parse().unwrap(),
        authorization: None,
        body: None,
        idle_timeout: Duration::from_secs(30),
        max_concurrency: 100,
        is_queued: None,
    };
    let client = Client::new(None, Duration::from_secs(10)).unwrap();
    client.exchange(request).await.unwrap_err().kind()
}

// E1: TLS mismatch.
#[tokio::test]
async fn a_server_without_tls_is_distinguished_from_no_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let plain = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(stream.read(&mut [0; 64]));
        drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    });
    let url = format!("https://{address}");
    assert_eq!(error_kind(&url).await, ErrorKind::WrongServer);
    plain.join().unwrap();
    assert_eq!(error_kind(&url).await, ErrorKind::Unreachable);
}
