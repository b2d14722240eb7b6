//! What the server answers.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

/// The bytes of one reply, and how they end.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) delay: Duration,
    /// Each part is one write.
    pub(super) parts: Vec<Vec<u8>>,
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    /// The connection stays open for the next request.
    KeepAlive,
    /// The connection is closed.
    Close,
    /// The connection stays open and silent.
    Hang,
    /// The connection is reset before the request is read.
    Reset,
}

/// The body of a finished chat reply with this answer.
#[must_use]
pub fn chat(answer: &str) -> Value {
    json!({
        "model": "llama3.1",
        "created_at": "2026-11-21T03:10:25.618661913Z",
        "message": {"role": "assistant", "content": answer},
        "done": true,
        "done_reason": "stop",
        "total_duration": 28_313_830,
        "load_duration": 1_763_333,
        "prompt_eval_count": 67,
        "prompt_eval_duration": 4_996_433,
        "eval_count": 12,
        "eval_duration": 18_736_932,
    })
}

impl Reply {
    /// A finished chat reply with this answer.
    #[must_use]
    pub fn answer(answer: &str) -> Self {
        Self::json(200, &chat(answer))
    }

    /// Ollama's form of an error.
    #[must_use]
    pub fn error(status: u16, text: &str) -> Self {
        Self::json(status, &json!({ "error": text }))
    }

    /// A JSON body.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::body(status, "application/json; charset=utf-8", body.to_string())
    }

    /// Any body, with its length.
    #[must_use]
    pub fn body(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let length = body.len().to_string();
        let headers = [
            ("content-type", content_type),
            ("content-length", length.as_str()),
        ];
        Self::with_headers(status, &headers, body)
    }

    /// A status, headers and a body, as they are.
    #[must_use]
    pub fn with_headers(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Status\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").expect("strings can be written to");
        }
        head.push_str("\r\n");
        Self::raw([head.into_bytes(), body.to_vec()].concat()).keeping_alive()
    }

    /// The chunks of a body, each framed as HTTP frames it and sent in a write of its own.
    #[must_use]
    pub fn chunked<C: AsRef<[u8]>>(status: u16, content_type: &str, chunks: &[C]) -> Self {
        let head = format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        let framed = chunks
            .iter()
            .map(AsRef::as_ref)
            .filter(|chunk: &&[u8]| !chunk.is_empty());
        let framed = framed
            .map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
        let mut reply = Self::raw(head.into_bytes());
        reply.parts.extend(framed);
        reply.parts.push(b"0\r\n\r\n".to_vec());
        reply.keeping_alive()
    }

    /// These bytes and nothing else, then the connection closes.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            delay: Duration::ZERO,
            parts: vec![bytes.into()],
            end: End::Close,
        }
    }

    /// No reply: the connection is reset when the request arrives.
    #[must_use]
    pub fn reset() -> Self {
        Self {
            delay: Duration::ZERO,
            parts: Vec::new(),
            end: End::Reset,
        }
    }

    /// The same bytes, then silence: the connection stays open until the client closes it.
    #[must_use]
    pub fn then_silence(mut self) -> Self {
        self.end = End::Hang;
        self
    }

    /// The same reply, its last `bytes` bytes left out, then the connection closes.
    #[must_use]
    pub fn cut_short_by(mut self, bytes: usize) -> Self {
        let mut all = self.parts.concat();
        all.truncate(all.len().saturating_sub(bytes));
        self.parts = vec![all];
        self.end = End::Close;
        self
    }

    /// The same bytes, each in a write of its own.
    #[must_use]
    pub fn byte_by_byte(mut self) -> Self {
        self.parts = self
            .parts
            .concat()
            .into_iter()
            .map(|byte| vec![byte])
            .collect();
        self
    }

    /// The same bytes in one write.
    #[must_use]
    pub fn at_once(mut self) -> Self {
        self.parts = vec![self.parts.concat()];
        self
    }

    /// The same reply, later.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The list of installed models.
    pub(super) fn tags(models: &[String]) -> Self {
        let models: Vec<Value> = models
            .iter()
            .map(|name| json!({ "name": name, "model": name }))
            .collect();
        Self::json(200, &json!({ "models": models }))
    }

    pub(super) fn is_reset(&self) -> bool {
        self.end == End::Reset
    }

    fn keeping_alive(mut self) -> Self {
        self.end = End::KeepAlive;
        self
    }
}
