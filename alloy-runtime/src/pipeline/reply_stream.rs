//! A reply that has begun, as a stream of deltas.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::backend::{ReplyEvents, WireResponse};
use crate::endpoint::Protocol;
use crate::error::{ConnectionError, Error};
use crate::reply::{Reply, ReplyEvent};
use crate::wire::{StreamDecoder, StreamEvent};

/// Time limit for draining a finished reply, so that its connection can be reused. Servers send the end at once.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(100);
/// Maximum number of chunks that are read after the end of a reply.
const MAX_DRAINED_CHUNKS: usize = 16;

/// A reply that has begun.
pub(super) trait ReplyStream: Send {
    /// Returns the next event of what has arrived.
    fn next_event(&mut self) -> Result<StreamEvent, Error>;

    /// Waits for more to arrive.
    fn poll_input(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>>;

    /// Returns the reply after its end, without its text, which the caller has kept.
    fn finish(&mut self) -> Result<Reply, Error>;

    /// Returns the number of bytes that are kept besides the text.
    fn buffered_len(&self) -> usize {
        0
    }

    /// Returns the thinking so far; empty if the protocol does not separate it from the text.
    fn thinking(&self) -> &str;

    /// Waits a moment for the rest of the body of a finished reply.
    fn poll_drained(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// The reply of a server.
pub(super) struct HttpReplyStream {
    response: WireResponse,
    decoder: StreamDecoder,
    drained_chunks: usize,
    drain_timer: Option<Pin<Box<Sleep>>>,
}

impl HttpReplyStream {
    pub(super) fn new(protocol: Protocol, response: WireResponse) -> Self {
        Self {
            decoder: StreamDecoder::new(protocol, response.format()),
            response,
            drained_chunks: 0,
            drain_timer: None,
        }
    }
}

impl ReplyStream for HttpReplyStream {
    fn next_event(&mut self) -> Result<StreamEvent, Error> {
        self.decoder.next_event()
    }

    fn poll_input(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match ready!(self.response.poll_chunk(context))? {
            Some(bytes) => self.decoder.feed(bytes),
            None => self.decoder.end(),
        }
        Poll::Ready(Ok(()))
    }

    fn finish(&mut self) -> Result<Reply, Error> {
        self.decoder.finish()
    }

    fn buffered_len(&self) -> usize {
        self.decoder.buffered_len()
    }

    fn thinking(&self) -> &str {
        self.decoder.thinking()
    }

    fn poll_drained(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.drained_chunks < MAX_DRAINED_CHUNKS {
            match self.response.poll_chunk(context) {
                Poll::Ready(Ok(Some(_))) => self.drained_chunks += 1,
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    let timer = &mut self.drain_timer;
                    let timer = timer.get_or_insert_with(|| Box::pin(sleep(DRAIN_TIMEOUT)));
                    return timer.as_mut().poll(context);
                }
            }
        }
        Poll::Ready(())
    }
}

/// The events of a backend that does not send bytes.
pub(super) struct EventReplyStream {
    events: ReplyEvents,
    arrived: Option<Result<ReplyEvent, Error>>,
    reply: Option<Box<Reply>>,
}

impl EventReplyStream {
    pub(super) fn new(events: ReplyEvents) -> Self {
        Self {
            events,
            arrived: None,
            reply: None,
        }
    }
}

impl ReplyStream for EventReplyStream {
    fn next_event(&mut self) -> Result<StreamEvent, Error> {
        match self.arrived.take().transpose()? {
            Some(ReplyEvent::Delta(text)) => Ok(StreamEvent::Delta(text)),
            Some(ReplyEvent::Done(reply)) => {
                self.reply = Some(reply);
                Ok(StreamEvent::Done)
            }
            None if self.reply.is_some() => Ok(StreamEvent::Done),
            None => Ok(StreamEvent::NeedsInput),
        }
    }

    fn poll_input(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let event = ready!(self.events.as_mut().poll_next(context));
        let lost = || Err(Error::new(ConnectionError::Interrupted { begun: true }));
        self.arrived = Some(event.unwrap_or_else(lost));
        Poll::Ready(Ok(()))
    }

    fn finish(&mut self) -> Result<Reply, Error> {
        match self.reply.take() {
            Some(reply) => Ok(Reply {
                text: String::new(),
                ..*reply
            }),
            None => Err(Error::new(ConnectionError::Interrupted { begun: true })),
        }
    }

    fn thinking(&self) -> &'static str {
        ""
    }
}
