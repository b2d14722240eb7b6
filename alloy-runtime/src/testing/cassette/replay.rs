//! A recorded response in place of a live one.

use std::task::{Context, Poll};
use std::time::Duration;
use std::vec::IntoIter;

use bytes::Bytes;

use crate::backend::{ResponseHead, StandInResponse};
use crate::error::Error;
use crate::recording::RecordedWire;
use crate::wire::RawReply;

/// A recorded response, whose pieces arrive at once.
pub(super) struct Replay {
    head: ResponseHead,
    pieces: IntoIter<String>,
    /// The error after the last piece.
    failure: Option<Error>,
}

impl Replay {
    pub(super) fn new(wire: &RecordedWire, failure: Option<Error>) -> Self {
        Self {
            head: ResponseHead {
                status: wire.status,
                content_type: wire.content_type.clone(),
                location: wire.location.clone(),
                retry_after: wire.retry_after_ms.map(Duration::from_millis),
            },
            pieces: wire.body.chunks().into_iter(),
            failure,
        }
    }

    /// Returns the response as a whole.
    pub(super) fn into_raw_reply(self) -> RawReply {
        RawReply {
            status: self.head.status,
            location: self.head.location,
            retry_after: self.head.retry_after,
            body: self.pieces.collect::<String>().into(),
        }
    }
}

impl StandInResponse for Replay {
    fn head(&self) -> &ResponseHead {
        &self.head
    }

    fn poll_chunk(&mut self, _context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        Poll::Ready(match (self.pieces.next(), self.failure.take()) {
            (Some(piece), failure) => {
                self.failure = failure;
                Ok(Some(piece.into()))
            }
            (None, Some(failure)) => Err(failure),
            (None, None) => Ok(None),
        })
    }
}
