//! Decodes a streamed reply piece by piece.

mod frames;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use serde::de::IgnoredAny;

pub(crate) use self::frames::BodyFormat;
pub(super) use self::frames::is_stream;
use self::frames::{EVENT_FIELDS, Frames};
use super::error_reply;
use super::reply_builder::ReplyBuilder;
use super::tool_calls::WireToolCalls;
use super::{NO_MESSAGE, as_object, native, openai_chat};
use crate::endpoint::Protocol;
use crate::error::{ConnectionError, Error};
use crate::reply::Reply;

/// Data of the event that ends a stream of Chat Completions.
const DONE: &[u8] = b"[DONE]";

/// Decodes a streamed reply from the bytes of its body, however they are split.
#[derive(Debug)]
pub(crate) struct StreamDecoder {
    protocol: Protocol,
    frames: Frames,
    builder: ReplyBuilder,
    keeps_calls: bool,
    state: State,
    /// `true` once the body has ended.
    ended: bool,
}

#[derive(Debug, PartialEq)]
enum State {
    /// The bytes so far may hold another object.
    Reading,
    /// All complete objects of the bytes so far are decoded.
    NeedsInput,
    /// The body ended within an object.
    Truncated,
    /// The end of the reply was decoded, or an error. Nothing more is read.
    Done,
}

/// Next event of a streamed reply.
#[derive(Debug, PartialEq)]
pub(crate) enum StreamEvent {
    /// The next part of the text, never empty.
    Delta(String),
    /// The bytes so far hold no further event.
    NeedsInput,
    /// The reply has ended, or the body has ended before the reply. The decoder ignores what follows in the body.
    Done,
}

impl StreamDecoder {
    /// Creates a decoder for a streamed reply in a format; `None` for the format of the protocol. What a server sends
    /// in place of a stream (an error, a web page, a whole reply) is a document.
    pub(crate) fn new(protocol: Protocol, format: Option<BodyFormat>) -> Self {
        let format = format.unwrap_or(match protocol {
            // The engine's replies are not bytes; `Engine` is here only for a complete match.
            Protocol::Native | Protocol::Engine => BodyFormat::Lines,
            Protocol::OpenaiChat | Protocol::ChatCompletions => BodyFormat::Events,
        });
        Self {
            protocol,
            frames: Frames::new(format),
            builder: ReplyBuilder::default(),
            keeps_calls: false,
            state: State::NeedsInput,
            ended: false,
        }
    }

    /// Takes the next bytes of the body. All events of the bytes before them must have been read.
    pub(crate) fn feed(&mut self, bytes: Bytes) {
        self.resume();
        self.frames.feed(bytes);
    }

    /// Marks the end of the body.
    pub(crate) fn end(&mut self) {
        self.resume();
        self.ended = true;
        self.frames.end();
    }

    fn resume(&mut self) {
        if self.state == State::NeedsInput {
            self.state = State::Reading;
        }
    }

    /// Returns the next event.
    ///
    /// # Errors
    ///
    /// The error that the server sent in the stream, or `Protocol` for an object that the protocol does not allow. After
    /// an error, every event is [`StreamEvent::Done`].
    pub(crate) fn next_event(&mut self) -> Result<StreamEvent, Error> {
        match self.state {
            State::Reading => {}
            State::NeedsInput | State::Truncated => return Ok(self.out_of_input()),
            State::Done => return Ok(StreamEvent::Done),
        }
        let event = self.decode_next();
        match &event {
            Ok(StreamEvent::Delta(_)) => {}
            Ok(StreamEvent::NeedsInput) => {
                if self.state == State::Reading {
                    self.state = State::NeedsInput;
                }
                return Ok(self.out_of_input());
            }
            Ok(StreamEvent::Done) | Err(_) => self.state = State::Done,
        }
        event
    }

    /// Returns the event for a decoder that has decoded all bytes so far.
    fn out_of_input(&self) -> StreamEvent {
        match self.ended {
            true => StreamEvent::Done,
            false => StreamEvent::NeedsInput,
        }
    }

    /// Decodes objects until one has text, or the end.
    fn decode_next(&mut self) -> Result<StreamEvent, Error> {
        let is_native = matches!(self.protocol, Protocol::Native | Protocol::Engine);
        let is_document = matches!(self.frames, Frames::Document(_));
        let is_lines = matches!(self.frames, Frames::Lines(_));
        loop {
            let Some((json, complete)) = self.frames.next(self.ended)? else {
                return Ok(StreamEvent::NeedsInput);
            };
            let json = json.trim_ascii();
            if json == b"{" && !is_document && !self.builder.has_message {
                self.frames.become_document();
                return self.decode_next();
            }
            let json = if is_lines { line_data(json) } else { json };
            // A gateway may send `null` to keep the connection alive.
            if !is_document && (json.is_empty() || json == b"null") {
                continue;
            }
            if !is_native && json == DONE {
                return Ok(StreamEvent::Done);
            }
            if !complete && is_truncated(json) {
                self.state = State::Truncated;
                return Ok(StreamEvent::NeedsInput);
            }
            let (json, builder) = (as_object(json)?, &mut self.builder);
            let text = match (is_native, is_document) {
                (true, true) => native::decode(json, builder)?,
                (true, false) => native::decode_line(json, builder)?,
                (false, true) => openai_chat::decode(json, builder)?,
                (false, false) => openai_chat::decode_event(json, builder)?,
            };
            if !self.keeps_calls {
                // A stream offers no tools. Calls that a model makes anyway are dropped, since nothing limits their
                // number.
                builder.calls = WireToolCalls::default();
            }
            if is_document && !builder.has_message && builder.failure.is_none() {
                return Err(error_reply::protocol(NO_MESSAGE, json));
            }
            if is_document {
                // The caller gets its text: free this copy.
                self.frames = Frames::Document(Vec::new());
            }
            let is_last =
                is_document || is_native && builder.is_over() || builder.failure.is_some();
            // The last object may have text. It is returned first, and the end with the next call.
            if !text.is_empty() {
                if is_last {
                    self.state = State::Done;
                }
                return Ok(StreamEvent::Delta(text));
            }
            if is_last {
                return Ok(StreamEvent::Done);
            }
        }
    }

    /// Returns the number of bytes that the decoder keeps: thinking text, refusal and document, not the text.
    pub(crate) fn buffered_len(&self) -> usize {
        self.builder.thinking.len() + self.builder.refusal.len() + self.frames.buffered()
    }

    /// Returns the thinking text so far.
    pub(crate) fn thinking(&self) -> &str {
        &self.builder.thinking
    }

    /// Returns the reply after [`StreamEvent::Done`]. Its text is empty: the caller has it from the deltas.
    ///
    /// # Errors
    ///
    /// - `Interrupted` where the end is missing: the stream broke off, or the server stopped the model.
    /// - `Refused` where the model or a filter refused the answer.
    /// - `Protocol` where the body is empty.
    ///
    /// None of them carries the text so far.
    pub(crate) fn finish(&mut self) -> Result<Reply, Error> {
        let broke_off = match self.state {
            State::Truncated => true,
            State::Done => false,
            // The finish reason came and `[DONE]` did not. Ollama always sends it, so the body was cut; other servers
            // leave it out. Without a finish reason `ReplyBuilder::finish` reports the error.
            State::Reading | State::NeedsInput => {
                self.builder.is_over() && self.protocol != Protocol::ChatCompletions
            }
        };
        if broke_off {
            return Err(Error::new(ConnectionError::Interrupted { begun: true }));
        }
        if self.state != State::Done && !self.builder.has_message && self.builder.failure.is_none()
        {
            return Err(error_reply::protocol("it has no message", ""));
        }
        self.builder.finish()
    }
}

/// Decodes a whole body that is a stream.
///
/// # Errors
///
/// Those of [`StreamDecoder::next_event`] and [`StreamDecoder::finish`], with the text before them.
pub(super) fn read_whole(protocol: Protocol, body: Bytes) -> Result<Reply, Error> {
    let mut decoder = StreamDecoder::new(protocol, Some(BodyFormat::Document));
    decoder.keeps_calls = true;
    decoder.feed(body);
    decoder.end();
    let mut text = String::new();
    let mut read = || loop {
        match decoder.next_event()? {
            StreamEvent::Delta(delta) => text += &delta,
            StreamEvent::NeedsInput | StreamEvent::Done => return decoder.finish(),
        }
    };
    match read() {
        Ok(reply) => Ok(Reply { text, ..reply }),
        Err(error) if text.is_empty() => Err(error),
        Err(error) => Err(error.with_partial_text(text)),
    }
}

/// Returns the data of a line, which may be a line of server-sent events with the wrong content type.
fn line_data(line: &[u8]) -> &[u8] {
    match line {
        [b'{', ..] => line,
        [b'd', b'a', b't', b'a', b':', data @ ..] => data.trim_ascii(),
        _ if EVENT_FIELDS.iter().any(|field| line.starts_with(field)) => &[],
        _ => line,
    }
}

/// Returns `true` if the bytes are the beginning of a JSON document, and not all of it.
fn is_truncated(json: &[u8]) -> bool {
    match std::str::from_utf8(json) {
        Ok(json) => serde_json::from_str::<IgnoredAny>(json).is_err_and(|error| error.is_eof()),
        Err(error) => error.error_len().is_none(),
    }
}

/// Decodes a whole stream from the pieces of its body: text, thinking text, and reply or error.
#[cfg(any(test, fuzzing))]
pub(crate) fn read<'a>(
    protocol: Protocol,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (String, String, Result<Reply, Error>) {
    let mut decoder = StreamDecoder::new(protocol, None);
    let mut text = String::new();
    let mut failure = None;
    // Returns `true` at the end of the reply.
    let mut read_events = |decoder: &mut StreamDecoder| {
        loop {
            match decoder.next_event() {
                Ok(StreamEvent::Delta(delta)) => text += &delta,
                Ok(StreamEvent::NeedsInput) => return false,
                Ok(StreamEvent::Done) => return true,
                Err(error) => {
                    failure = Some(error);
                    return true;
                }
            }
        }
    };
    let mut done = false;
    for piece in pieces {
        if !done {
            decoder.feed(Bytes::copy_from_slice(piece));
            done = read_events(&mut decoder);
        }
    }
    decoder.end();
    read_events(&mut decoder);
    let thinking = decoder.thinking().to_owned();
    let end = match failure {
        Some(error) => Err(error),
        None => decoder.finish(),
    };
    (text, thinking, end)
}
