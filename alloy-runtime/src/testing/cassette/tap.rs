//! Streamed replies that are copied into a recording while the program reads them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;

use super::state::LiveResult;
use super::tape::Tape;
use crate::backend::{ReplyEvents, ResponseHead, StandInResponse, WireResponse};
use crate::endpoint::Protocol;
use crate::error::{Error, ErrorKind};
use crate::recording::{
    self, RecordedBody, RecordedEvent, RecordedFailure, RecordedReply, RecordedWire, StreamEnd,
};
use crate::reply::ReplyEvent;
use crate::store::StoredReply;

/// Returns the record of a response.
pub(super) fn recorded_wire(
    status: u16,
    content_type: Option<String>,
    location: Option<String>,
    retry_after: Option<Duration>,
    body: RecordedBody,
) -> RecordedWire {
    let millis = |pause: Duration| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    RecordedWire {
        status,
        retry_after_ms: retry_after.map(millis),
        location,
        content_type,
        body,
    }
}

/// The slot of a recording that a streamed reply fills. A reply that is dropped before its end, or that ends by a time
/// limit of the command, is not recorded: it would replay to a place that depends on time.
struct TapSlot {
    tape: Arc<Tape>,
    index: usize,
    is_filled: bool,
}

impl TapSlot {
    fn new(tape: Arc<Tape>, index: usize) -> Self {
        Self {
            tape,
            index,
            is_filled: false,
        }
    }

    fn fill(&mut self, reply: RecordedReply, failure: Option<&Error>) {
        if !self.is_filled {
            self.is_filled = true;
            let result = match failure {
                Some(error) if error.kind() == ErrorKind::TimedOut => {
                    LiveResult::Cut(error.to_string())
                }
                failure => {
                    let failure = failure.map(|error| {
                        RecordedFailure::new(error).unwrap_or_else(RecordedFailure::interrupted)
                    });
                    LiveResult::Replied(reply, failure)
                }
            };
            self.tape.record(self.index, result);
        }
    }
}

impl Drop for TapSlot {
    fn drop(&mut self) {
        if !self.is_filled {
            self.tape.record_dropped(self.index);
        }
    }
}

/// The response of a server.
pub(super) struct TappedResponse {
    response: WireResponse,
    head: ResponseHead,
    protocol: Protocol,
    body: Vec<u8>,
    /// The number of bytes that were decoded: more is read only once they are.
    decoded: usize,
    slot: TapSlot,
}

impl TappedResponse {
    pub(super) fn new(
        response: WireResponse,
        protocol: Protocol,
        tape: Arc<Tape>,
        index: usize,
    ) -> Self {
        Self {
            head: response.head(),
            response,
            protocol,
            body: Vec::new(),
            decoded: 0,
            slot: TapSlot::new(tape, index),
        }
    }

    fn record(&mut self, failure: Option<&Error>) {
        let ResponseHead {
            status,
            content_type,
            location,
            retry_after,
        } = &self.head;
        let body = match *status == 200 {
            true => RecordedBody::pieces(&self.body),
            false => RecordedBody::whole(&self.body),
        };
        let wire = recorded_wire(
            *status,
            content_type.clone(),
            location.clone(),
            *retry_after,
            body,
        );
        self.slot.fill(RecordedReply::Wire(wire), failure);
    }

    /// Returns `true` if the program read the reply to its end, or to an error in it. A server may leave the response
    /// open after that.
    fn is_read(&self) -> bool {
        let format = self.head.content_type.as_deref();
        let end = |body: &[u8]| recording::end_of_stream(self.protocol, format, body);
        self.head.status == 200
            && (end(&self.body[..self.decoded]).is_some()
                || end(&self.body) == Some(StreamEnd::Error))
    }
}

impl Drop for TappedResponse {
    fn drop(&mut self) {
        if !self.slot.is_filled && self.is_read() {
            self.record(None);
        }
    }
}

impl StandInResponse for TappedResponse {
    fn head(&self) -> &ResponseHead {
        &self.head
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        self.decoded = self.body.len();
        let chunk = ready!(self.response.poll_chunk(context));
        match &chunk {
            Ok(Some(bytes)) => self.body.extend_from_slice(bytes),
            Ok(None) => self.record(None),
            Err(error) => self.record(Some(error)),
        }
        Poll::Ready(chunk)
    }
}

/// The events of a backend that does not send bytes.
pub(super) struct TappedEvents {
    events: ReplyEvents,
    recorded: Vec<RecordedEvent>,
    slot: TapSlot,
}

impl TappedEvents {
    pub(super) fn new(events: ReplyEvents, tape: Arc<Tape>, index: usize) -> Self {
        Self {
            events,
            recorded: Vec::new(),
            slot: TapSlot::new(tape, index),
        }
    }

    fn record(&mut self, failure: Option<&Error>) {
        let events = std::mem::take(&mut self.recorded);
        self.slot.fill(RecordedReply::Events(events), failure);
    }
}

impl Stream for TappedEvents {
    type Item = Result<ReplyEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = ready!(self.events.as_mut().poll_next(context));
        match &event {
            Some(Ok(ReplyEvent::Delta(text))) => {
                self.recorded.push(RecordedEvent::Delta(text.clone()));
            }
            Some(Ok(ReplyEvent::Done(reply))) => {
                let has_deltas = !self.recorded.is_empty();
                let end = StoredReply::new(reply, has_deltas);
                self.recorded.push(RecordedEvent::End(Box::new(end)));
                self.record(None);
            }
            Some(Err(error)) => self.record(Some(error)),
            None => {}
        }
        Poll::Ready(event)
    }
}
