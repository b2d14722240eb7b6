//! The part of HTTP/1.1 that the protocol needs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::reply::{End, Reply};

/// A received request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method: `POST` or `GET`.
    pub method: String,
    /// Path without the host.
    pub path: String,
    /// Headers: names in lower case, values as sent.
    pub headers: Vec<(String, String)>,
    /// Body as text.
    pub body: String,
}

impl Request {
    /// Returns the value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    /// Parses the body as JSON.
    ///
    /// # Panics
    ///
    /// If it is not JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("the body is not JSON")
    }
}

pub(super) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        // Every reply is one write, or its pauses are intended: delaying bytes would gain nothing.
        stream.set_nodelay(true).expect("a socket option");
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Reads the next request. `None` if the client closed the connection.
    pub(super) fn read_request(&mut self) -> Option<Request> {
        let start = self.line()?;
        let mut words = start.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Request {
            method,
            path,
            headers,
            body: String::new(),
        };
        let length = request
            .header("content-length")
            .and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut body).ok()?;
        request.body = String::from_utf8(body).expect("the body is not UTF-8");
        Some(request)
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
        }
    }

    /// Writes a reply. Returns `false` if the connection ends with it.
    pub(super) fn write_reply(&mut self, reply: &Reply, path: &str) -> bool {
        std::thread::sleep(reply.delay);
        let stream = self.stream.get_mut();
        for part in reply.parts(path) {
            if stream.write_all(part).is_err() {
                return false;
            }
        }
        match reply.end {
            End::KeepAlive => true,
            End::Close => false,
            End::Hang => {
                // Until the client closes the connection.
                let mut rest = Vec::new();
                drop(stream.read_to_end(&mut rest));
                false
            }
            End::Reset => unreachable!("a reset happens before the request is read"),
        }
    }

    /// Closes the connection while the request is unread, which the client sees as a reset.
    pub(super) fn reset(&mut self) {
        let stream = self.stream.get_mut();
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .expect("a socket option");
        // Waits for the first byte of the request without reading it.
        drop(stream.peek(&mut [0]));
    }
}
