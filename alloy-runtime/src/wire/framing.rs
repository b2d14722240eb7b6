//! Splits a streamed body into lines, and lines into server-sent events, however the bytes are split.

use std::ops::Range;

use bytes::Bytes;
use memchr::{memchr, memchr2};

use crate::error::{Error, ServerError};

/// Maximum length of a line, or of the data of an event, in bytes. Ollama's own client has the same limit.
const MAX_LENGTH: usize = 8 * 1024 * 1024;

/// Line endings of a format.
#[derive(Clone, Copy, Debug, PartialEq)]
enum LineEnding {
    /// `\n`. A `\r` before it is part of the line.
    Newline,
    /// `\r`, `\n` or `\r\n`.
    Any,
}

/// The lines of a body.
#[derive(Debug)]
pub(super) struct Lines {
    ending: LineEnding,
    /// The latest piece of the body, read up to `at`.
    piece: Bytes,
    at: usize,
    /// The beginning of a line that is not complete yet.
    partial: Vec<u8>,
    /// `true` if `partial` was returned as a line.
    returned: bool,
    /// `true` if the last line ended with `\r`: a `\n` that follows belongs to that line ending.
    after_return: bool,
    /// `true` once the body has ended.
    ended: bool,
}

impl Lines {
    /// Creates a splitter for JSON lines.
    pub(super) fn new() -> Self {
        Self::with_ending(LineEnding::Newline)
    }

    fn with_ending(ending: LineEnding) -> Self {
        Self {
            ending,
            piece: Bytes::new(),
            at: 0,
            partial: Vec::new(),
            returned: false,
            after_return: false,
            ended: false,
        }
    }

    /// Takes the next piece of the body. All lines of the piece before must have been read.
    pub(super) fn feed(&mut self, piece: Bytes) {
        debug_assert!(self.at == self.piece.len(), "lines were left unread");
        self.piece = piece;
        self.at = 0;
    }

    /// Returns the bytes of the latest piece that were not read yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.piece[self.at..]
    }

    /// Marks the end of the body. An incomplete line becomes the last one.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Returns the next line without its ending, and whether the ending was read; `None` where it needs more input.
    ///
    /// # Errors
    ///
    /// `Protocol` for a line longer than [`MAX_LENGTH`].
    pub(super) fn next(&mut self) -> Result<Option<(&[u8], bool)>, Error> {
        if self.returned {
            self.partial.clear();
            self.returned = false;
        }
        if self.at == self.piece.len() && !self.ended {
            return Ok(None);
        }
        if self.after_return && self.at < self.piece.len() {
            self.at += usize::from(self.piece[self.at] == b'\n');
            self.after_return = false;
        }
        let rest = &self.piece[self.at..];
        let end = match self.ending {
            LineEnding::Newline => memchr(b'\n', rest),
            LineEnding::Any => memchr2(b'\n', b'\r', rest),
        };
        let line = &rest[..end.unwrap_or(rest.len())];
        if self.partial.len() + line.len() > MAX_LENGTH {
            return Err(too_long());
        }
        let Some(end) = end else {
            self.partial.extend_from_slice(line);
            self.at = self.piece.len();
            self.returned = self.ended && !self.partial.is_empty();
            return Ok(self.returned.then_some((&*self.partial, false)));
        };
        self.at += end + 1;
        self.after_return = self.ending == LineEnding::Any && rest[end] == b'\r';
        if self.partial.is_empty() {
            return Ok(Some((line, true)));
        }
        self.partial.extend_from_slice(line);
        self.returned = true;
        Ok(Some((&self.partial, true)))
    }
}

/// The data of server-sent events, as the WHATWG standard defines them. Names, ids and comments are skipped.
#[derive(Debug)]
pub(super) struct Events {
    lines: Lines,
    /// The data of the event that is being read.
    data: Vec<u8>,
    /// `true` if `data` was returned as an event.
    returned: bool,
    /// `true` if a line was read. The first may begin with a byte-order mark.
    has_read: bool,
}

impl Events {
    pub(super) fn new() -> Self {
        Self {
            lines: Lines::with_ending(LineEnding::Any),
            data: Vec::new(),
            returned: false,
            has_read: false,
        }
    }

    /// See [`Lines::feed`].
    pub(super) fn feed(&mut self, piece: Bytes) {
        self.lines.feed(piece);
    }

    /// See [`Lines::rest`].
    pub(super) fn rest(&self) -> &[u8] {
        self.lines.rest()
    }

    /// See [`Lines::end`].
    pub(super) fn end(&mut self) {
        self.lines.end();
    }

    /// Returns the range of the next event's data in the latest piece, where it needs no copy: one `data:` line and a
    /// blank line, both complete. Most events of a stream are like this.
    fn borrowed_event(&mut self) -> Option<Range<usize>> {
        let lines = &mut self.lines;
        if !lines.partial.is_empty() || lines.after_return {
            return None;
        }
        let rest = lines.piece[lines.at..].strip_prefix(b"data: ")?;
        let end = memchr2(b'\n', b'\r', rest)?;
        if !rest[end..].starts_with(b"\n\n") {
            return None;
        }
        let start = lines.piece.len() - rest.len();
        lines.at = start + end + 2;
        Some(start..start + end)
    }

    /// Returns the data of the next event, and whether its end was read; `None` where it needs more input.
    ///
    /// The standard drops an incomplete event at the end of the body. This returns it, since servers omit the last
    /// blank line.
    ///
    /// # Errors
    ///
    /// `Protocol` for a line, or data, longer than [`MAX_LENGTH`].
    pub(super) fn next(&mut self) -> Result<Option<(&[u8], bool)>, Error> {
        if self.returned {
            self.data.clear();
            self.returned = false;
        }
        if self.data.is_empty()
            && self.has_read
            && let Some(data) = self.borrowed_event()
        {
            return Ok(Some((&self.lines.piece[data], true)));
        }
        while let Some((line, ended)) = self.lines.next()? {
            let line = match self.has_read {
                true => line,
                false => line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line),
            };
            self.has_read = true;
            if line.is_empty() {
                if self.data.is_empty() {
                    continue;
                }
                self.returned = true;
                return Ok(Some((&self.data, true)));
            }
            // Servers report failures as bare JSON or HTML, or in a field `error`, which the standard does not have.
            if self.data.is_empty() {
                let failure = line.strip_prefix(b"error:").unwrap_or(line);
                if failure.len() < line.len() || matches!(line.first(), Some(b'{' | b'<')) {
                    self.data.extend_from_slice(failure);
                    self.returned = true;
                    return Ok(Some((&self.data, ended)));
                }
            }
            let Some(value) = line.strip_prefix(b"data") else {
                continue;
            };
            let value = match value {
                [] => value,
                [b':', b' ', value @ ..] | [b':', value @ ..] => value,
                _ => continue,
            };
            if self.data.len() + value.len() > MAX_LENGTH {
                return Err(too_long());
            }
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(value);
        }
        self.returned = self.lines.ended && !self.data.is_empty();
        Ok(self.returned.then_some((&*self.data, false)))
    }
}

fn too_long() -> Error {
    Error::new(ServerError::Protocol {
        found: "it has a line, or an event, of more than 8 MiB".into(),
        excerpt: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the data of the events of a body in these pieces.
    fn events<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<String>, Error> {
        let mut events = Events::new();
        let mut read = Vec::new();
        let mut take = |events: &mut Events| -> Result<(), Error> {
            while let Some((data, _)) = events.next()? {
                read.push(String::from_utf8_lossy(data).into_owned());
            }
            Ok::<(), Error>(())
        };
        for piece in pieces {
            events.feed(Bytes::copy_from_slice(piece));
            take(&mut events)?;
        }
        events.end();
        take(&mut events)?;
        Ok(read)
    }

    #[test]
    fn events_are_the_same_however_they_are_split() {
        let check = |body: &str, expected: &[&str]| {
            let bytes = body.as_bytes();
            for at in 0..=bytes.len() {
                let (one, other) = bytes.split_at(at);
                let pieces = [one, other].into_iter().filter(|piece| !piece.is_empty());
                assert_eq!(events(pieces).unwrap(), expected, "{body:?} at {at}");
            }
            assert_eq!(events(bytes.chunks(1)).unwrap(), expected, "{body:?}");
        };
        check("data: a\n\ndata: b\n\n", &["a", "b"]);
        check("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]);
        check("data: a\r\ndata: b\r\n\r\n", &["a\nb"]);
        check("data: a\rdata: b\r\rdata: c\r\r", &["a\nb", "c"]);
        check("data:a\ndata\ndata:  b\n\n", &["a\n\n b"]);
        check("data\n\ndata:\n\ndata: a\n\n", &["a"]);
        check("data: a\n\nxdata: b\n\ndata: c\n\n", &["a", "c"]);
        check("data: x\n\n: hi\nid: 1\ndatax: 1\ndata: a\n\n", &["x", "a"]);
        check("\u{feff}data: a\n\n", &["a"]);
        check(
            "data: a\n\nerror: {}\n\n{\"error\":1}\n",
            &["a", " {}", "{\"error\":1}"],
        );
        check("data: a\n\ndata: b", &["a", "b"]);
    }

    #[test]
    fn lines_and_events_have_a_maximum_length() {
        let line = |length: usize| {
            let mut lines = Lines::new();
            lines.feed(Bytes::from("x".repeat(length) + "\n"));
            lines.next().map(|line| line.unwrap().0.len())
        };
        assert_eq!(line(MAX_LENGTH).unwrap(), MAX_LENGTH);
        assert!(line(MAX_LENGTH + 1).is_err());
        let event = |lengths: [usize; 2]| {
            let lines = lengths.map(|length| format!("data: {}\n", "x".repeat(length)));
            events([(lines.concat() + "\n").as_bytes()])
        };
        let half = MAX_LENGTH / 2;
        assert_eq!(event([half, half]).unwrap()[0].len(), MAX_LENGTH + 1);
        assert!(event([half, half + 1]).is_err());
    }
}
