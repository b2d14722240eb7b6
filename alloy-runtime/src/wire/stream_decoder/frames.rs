//! Splits a body into the objects of a stream.

use bytes::Bytes;
use memchr::memchr;

use crate::error::Error;
use crate::wire::framing::{Events, Lines};

/// Beginnings of the lines of server-sent events.
pub(super) const EVENT_FIELDS: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];

/// Format of a body, by its content type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum BodyFormat {
    /// JSON lines.
    Lines,
    /// Server-sent events.
    Events,
    /// One document: an error, a web page, or a whole reply.
    Document,
}

/// Splits a body into the objects of the stream.
#[derive(Debug)]
pub(super) enum Frames {
    Lines(Lines),
    Events(Events),
    /// The whole body so far.
    Document(Vec<u8>),
}

impl Frames {
    pub(super) fn new(format: BodyFormat) -> Self {
        match format {
            BodyFormat::Lines => Self::Lines(Lines::new()),
            BodyFormat::Events => Self::Events(Events::new()),
            BodyFormat::Document => Self::Document(Vec::new()),
        }
    }

    pub(super) fn feed(&mut self, bytes: Bytes) {
        match self {
            Self::Lines(lines) => lines.feed(bytes),
            Self::Events(events) => events.feed(bytes),
            Self::Document(whole) => whole.extend_from_slice(&bytes),
        }
    }

    /// Marks the end of the body. A document that turns out to be a stream with the wrong content type is split.
    pub(super) fn end(&mut self) {
        if let Self::Document(whole) = self
            && let Some(format) = stream_format(whole)
        {
            let whole = std::mem::take(whole);
            *self = Self::new(format);
            self.feed(whole.into());
        }
        match self {
            Self::Lines(lines) => lines.end(),
            Self::Events(events) => events.end(),
            Self::Document(_) => {}
        }
    }

    /// Returns the next frame, and whether it is complete; `None` where it needs more input. A document is one frame,
    /// which is returned once the body has `ended`.
    pub(super) fn next(&mut self, ended: bool) -> Result<Option<(&[u8], bool)>, Error> {
        match self {
            Self::Lines(lines) => lines.next(),
            Self::Events(events) => events.next(),
            Self::Document(whole) => Ok(ended.then_some((&**whole, true))),
        }
    }

    /// Reads the body as a document whose first line is `{`, whatever its content type.
    pub(super) fn become_document(&mut self) {
        let rest = match self {
            Self::Lines(lines) => lines.rest(),
            Self::Events(events) => events.rest(),
            Self::Document(_) => return,
        };
        *self = Self::Document([b"{\n", rest].concat());
    }

    /// Returns the number of bytes that are kept until the end of the body.
    pub(super) fn buffered(&self) -> usize {
        match self {
            Self::Document(whole) => whole.len(),
            Self::Lines(_) | Self::Events(_) => 0,
        }
    }
}

/// Returns the format of a whole body that is a stream; `None` for a single document.
fn stream_format(body: &[u8]) -> Option<BodyFormat> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let body = body.trim_ascii_start();
    if EVENT_FIELDS.iter().any(|field| body.starts_with(field)) {
        return Some(BodyFormat::Events);
    }
    // An object on the first line, and another one after it. A document with line breaks ends its first line elsewhere.
    let (first, rest) = body.split_at(memchr(b'\n', body)?);
    let is_lines = first.trim_ascii_end().ends_with(b"}") && rest.trim_ascii().starts_with(b"{");
    is_lines.then_some(BodyFormat::Lines)
}

/// Returns `true` if a whole body is a stream.
pub(in crate::wire) fn is_stream(body: &[u8]) -> bool {
    stream_format(body).is_some()
}
