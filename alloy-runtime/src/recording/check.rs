//! Checks that the replies of a file can be decoded, since a person may have edited them.

use super::format::{Recording, RecordingSet};
use super::reply::{RecordedBody, RecordedReply, RecordedWire};
use crate::endpoint::Protocol;
use crate::error::{Error, ErrorKind};
use crate::transport::body_format;
use crate::wire::{self, BodyFormat, RawReply, StreamDecoder, StreamEvent};

/// Checks all replies.
///
/// # Errors
///
/// One of them does not follow the protocol, and did when it was recorded. The text names its place.
pub(crate) fn check_replies(set: &RecordingSet) -> Result<(), String> {
    for (index, recording) in set.exchanges.iter().enumerate() {
        if recording.is_malformed {
            continue;
        }
        if let Some(error) = recording.malformed() {
            let member = match &recording.reply {
                RecordedReply::Wire(RecordedWire {
                    body: RecordedBody::Pieces(_),
                    ..
                }) => "wire.pieces",
                _ => "wire.body",
            };
            return Err(format!("exchanges[{index}].{member}: {error}"));
        }
    }
    Ok(())
}

impl Recording {
    /// Returns the error of a reply that does not follow the protocol.
    pub(crate) fn malformed(&self) -> Option<Error> {
        let RecordedReply::Wire(wire) = &self.reply else {
            return None;
        };
        if wire.status != 200 {
            return None;
        }
        let decoded = match &wire.body {
            RecordedBody::Whole(_) => {
                let raw = RawReply {
                    status: wire.status,
                    location: None,
                    retry_after: None,
                    body: wire.body.chunks().concat().into(),
                };
                wire::decode(self.protocol, "the chat path", &raw).map(drop)
            }
            // A stream that broke off has no end.
            RecordedBody::Pieces(_) if self.failure.is_some() => return None,
            RecordedBody::Pieces(pieces) => {
                let format = wire.content_type.as_deref().and_then(body_format);
                decode_stream(self.protocol, format, &pieces.concat())
            }
        };
        let is_malformed =
            |error: &Error| matches!(error.kind(), ErrorKind::Protocol | ErrorKind::WrongServer);
        decoded.err().filter(is_malformed)
    }
}

fn decode_stream(protocol: Protocol, format: Option<BodyFormat>, body: &str) -> Result<(), Error> {
    let mut decoder = StreamDecoder::new(protocol, format);
    decoder.feed(body.to_owned().into());
    decoder.end();
    loop {
        match decoder.next_event()? {
            StreamEvent::Delta(_) => {}
            StreamEvent::NeedsInput | StreamEvent::Done => return decoder.finish().map(drop),
        }
    }
}

/// The way in which a streamed reply ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum StreamEnd {
    Whole,
    /// The server sent an error in place of the end, or broke the protocol.
    Error,
}

/// Finds the end of a streamed reply; `None` if it is not in the bytes so far.
pub(crate) fn end_of_stream(
    protocol: Protocol,
    content_type: Option<&str>,
    body: &[u8],
) -> Option<StreamEnd> {
    let mut decoder = StreamDecoder::new(protocol, content_type.and_then(body_format));
    decoder.feed(body.to_vec().into());
    loop {
        match decoder.next_event() {
            Ok(StreamEvent::Delta(_)) => {}
            Ok(StreamEvent::NeedsInput) => return None,
            Ok(StreamEvent::Done) => return Some(StreamEnd::Whole),
            Err(_) => return Some(StreamEnd::Error),
        }
    }
}
