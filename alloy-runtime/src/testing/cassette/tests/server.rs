//! A server that answers with a list of replies, one for each connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A running server. Dropping it closes its port.
pub(super) struct MiniServer {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl MiniServer {
    /// Starts a server: status, content type and body of each reply. It ends after the last one.
    pub(super) fn start<const N: usize>(replies: [(u16, &'static str, String); N]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        if N > 0 {
            std::thread::spawn(move || {
                for (status, content_type, body) in replies {
                    let (stream, _) = listener.accept().unwrap();
                    answer(&stream, status, content_type, &body);
                    counter.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        Self { address, requests }
    }

    pub(super) fn host(&self) -> String {
        self.address.to_string()
    }

    /// Returns the number of requests that were answered.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn answer(stream: &TcpStream, status: u16, content_type: &str, body: &str) {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut request = vec![0; length];
    reader.read_exact(&mut request).unwrap();
    let head = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
}
