//! HTTP/1.1, as little of it as the protocol needs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::reply::{End, Reply};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST`, `GET`.
    pub method: String,
    /// The path, without the host.
    pub path: String,
    /// Names in lower case, values as sent.
    pub headers: Vec<(String, String)>,
    /// The body's bytes, as text.
    pub body: String,
}

impl Request {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// Where it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }
}

pub(super) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        // Every reply is one write or means its pauses: nothing is gained by holding bytes back.
        stream.set_nodelay(true).expect("a socket option");
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// The next request; `None` where the client is gone.
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
        request.body = String::from_utf8(body).expect("a body in UTF-8");
        Some(request)
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
        }
    }

    /// Writes a reply; `false` where the connection ends with it.
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
                // Until the client has enough.
                let mut rest = Vec::new();
                drop(stream.read_to_end(&mut rest));
                false
            }
            End::Reset => unreachable!("a reset comes before the request is read"),
        }
    }

    /// Closes the connection so that the client sees a reset: its request is waiting, unread.
    pub(super) fn reset(&mut self) {
        let stream = self.stream.get_mut();
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .expect("a socket option");
        // Wait for the request's first byte, and leave it where it is.
        drop(stream.peek(&mut [0]));
    }
}
