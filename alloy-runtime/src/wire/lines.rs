//! Streams taken apart: lines of a body, and server-sent events made of lines. The bytes may come in any
//! pieces.

use std::ops::Range;

use bytes::Bytes;
use memchr::{memchr, memchr2};

use crate::error::{Detail, Error};

/// The longest line, or event, that is read, in bytes. The longest that Ollama's own client takes.
const LONGEST: usize = 8 * 1024 * 1024;

/// Where lines end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ends {
    /// At `\n`: what stands before it is the line's.
    Newline,
    /// At `\r`, `\n`, or both in a row.
    Either,
}

/// The lines of a body.
#[derive(Debug)]
pub(super) struct Lines {
    ends: Ends,
    /// The piece of the body that came last, read up to `at`.
    piece: Bytes,
    at: usize,
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    /// Whether `begun` was given out as a line.
    given: bool,
    /// Whether the last line ended with a `\r`, so that a `\n` behind it belongs to that end.
    after_return: bool,
    /// Whether the body has ended.
    ended: bool,
}

impl Lines {
    /// Lines of JSON.
    pub(super) fn of_json() -> Self {
        Self::ending(Ends::Newline)
    }

    fn ending(ends: Ends) -> Self {
        Self {
            ends,
            piece: Bytes::new(),
            at: 0,
            begun: Vec::new(),
            given: false,
            after_return: false,
            ended: false,
        }
    }

    /// Takes the next piece of the body. All lines of the one before have been read.
    pub(super) fn feed(&mut self, piece: Bytes) {
        debug_assert!(self.at == self.piece.len(), "lines were left unread");
        self.piece = piece;
        self.at = 0;
    }

    /// The body has ended: what there is of a line is its last one.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// The next line without its end, and whether that end has come; `None` where more of the body is
    /// needed.
    ///
    /// # Errors
    ///
    /// A line that is too long.
    pub(super) fn next(&mut self) -> Result<Option<(&[u8], bool)>, Error> {
        if self.given {
            self.begun.clear();
            self.given = false;
        }
        if self.at == self.piece.len() && !self.ended {
            return Ok(None);
        }
        if self.after_return && self.at < self.piece.len() {
            self.at += usize::from(self.piece[self.at] == b'\n');
            self.after_return = false;
        }
        let rest = &self.piece[self.at..];
        let end = match self.ends {
            Ends::Newline => memchr(b'\n', rest),
            Ends::Either => memchr2(b'\n', b'\r', rest),
        };
        let line = &rest[..end.unwrap_or(rest.len())];
        if self.begun.len() + line.len() > LONGEST {
            return Err(too_long());
        }
        let Some(end) = end else {
            self.begun.extend_from_slice(line);
            self.at = self.piece.len();
            self.given = self.ended && !self.begun.is_empty();
            return Ok(self.given.then_some((&*self.begun, false)));
        };
        self.at += end + 1;
        self.after_return = self.ends == Ends::Either && rest[end] == b'\r';
        if self.begun.is_empty() {
            return Ok(Some((line, true)));
        }
        self.begun.extend_from_slice(line);
        self.given = true;
        Ok(Some((&self.begun, true)))
    }
}

/// The data of server-sent events, as the WHATWG's standard takes them apart. Names, ids and comments are
/// skipped.
#[derive(Debug)]
pub(super) struct Events {
    lines: Lines,
    /// The data of the event that is being read.
    data: Vec<u8>,
    /// Whether `data` was given out as an event.
    given: bool,
    /// Whether a line has been read: the first may begin with a byte-order mark.
    begun: bool,
}

impl Events {
    pub(super) fn new() -> Self {
        Self {
            lines: Lines::ending(Ends::Either),
            data: Vec::new(),
            given: false,
            begun: false,
        }
    }

    /// See [`Lines::feed`].
    pub(super) fn feed(&mut self, piece: Bytes) {
        self.lines.feed(piece);
    }

    /// See [`Lines::end`].
    pub(super) fn end(&mut self) {
        self.lines.end();
    }

    /// Where the data of the usual event is, which is not copied: one that is a single line, ends with a blank
    /// one, and stands whole in the piece that came last.
    fn usual_event(&mut self) -> Option<Range<usize>> {
        let lines = &mut self.lines;
        if !lines.begun.is_empty() || lines.after_return {
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

    /// The data of the next event, and whether its end has come; `None` where more of the body is needed.
    /// The standard drops an event that the body ends in; here it is one, since servers end so.
    ///
    /// # Errors
    ///
    /// An event that is too long.
    pub(super) fn next(&mut self) -> Result<Option<(&[u8], bool)>, Error> {
        if self.given {
            self.data.clear();
            self.given = false;
        }
        if self.data.is_empty() && self.begun {
            if let Some(place) = self.usual_event() {
                return Ok(Some((&self.lines.piece[place], true)));
            }
        }
        while let Some((line, ended)) = self.lines.next()? {
            let line = match self.begun {
                true => line,
                false => line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line),
            };
            self.begun = true;
            if line.is_empty() {
                if self.data.is_empty() {
                    continue;
                }
                self.given = true;
                return Ok(Some((&self.data, true)));
            }
            // Servers that fail say so in JSON or HTML, or in a field of their own, and not as events say it.
            if self.data.is_empty() {
                let strange = line.strip_prefix(b"error:").unwrap_or(line);
                if strange.len() < line.len() || matches!(line.first(), Some(b'{' | b'<')) {
                    self.data.extend_from_slice(strange);
                    self.given = true;
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
            if self.data.len() + value.len() > LONGEST {
                return Err(too_long());
            }
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(value);
        }
        self.given = self.lines.ended && !self.data.is_empty();
        Ok(self.given.then_some((&*self.data, false)))
    }
}

fn too_long() -> Error {
    Error::new(Detail::Protocol {
        found: "it has a line, or an event, of more than 8 MiB".into(),
        excerpt: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of the events of a body that comes in these pieces.
    fn events<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<String>, Error> {
        let mut events = Events::new();
        let mut read = Vec::new();
        let mut take = |events: &mut Events| {
            while let Some((data, _)) = events.next()? {
                read.push(String::from_utf8_lossy(data).into_owned());
            }
            Ok(())
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
    fn a_line_and_an_event_have_an_end() {
        let line = |length: usize| {
            let mut lines = Lines::of_json();
            lines.feed(Bytes::from("x".repeat(length) + "\n"));
            lines.next().map(|line| line.unwrap().0.len())
        };
        assert_eq!(line(LONGEST).unwrap(), LONGEST);
        assert!(line(LONGEST + 1).is_err());
        let event = |lengths: [usize; 2]| {
            let lines = lengths.map(|length| format!("data: {}\n", "x".repeat(length)));
            events([(lines.concat() + "\n").as_bytes()])
        };
        let half = LONGEST / 2;
        assert_eq!(event([half, half]).unwrap()[0].len(), LONGEST + 1);
        assert!(event([half, half + 1]).is_err());
    }
}
