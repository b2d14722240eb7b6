//! A reply that is being generated on the engine's thread.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::error::{ConnectionError, Error};
use crate::reply::{Reply, ReplyEvent};

/// Message from the engine's thread about one request. Deltas are sent only if the request asks for a stream.
pub(super) type GenerationEvent = Result<ReplyEvent, Error>;

/// A reply that is being generated. Dropping it stops the generation within one token.
#[derive(Debug)]
pub(crate) struct Generation {
    events: UnboundedReceiver<GenerationEvent>,
    /// The event that [`begin`](Self::begin) received.
    first: Option<GenerationEvent>,
    is_done: bool,
}

impl Generation {
    pub(super) fn new(events: UnboundedReceiver<GenerationEvent>) -> Self {
        Self {
            events,
            first: None,
            is_done: false,
        }
    }

    /// Waits for the whole reply.
    ///
    /// # Errors
    ///
    /// The request failed.
    pub(crate) async fn whole(mut self) -> Result<Reply, Error> {
        loop {
            match self.events.recv().await.unwrap_or_else(thread_ended)? {
                ReplyEvent::Delta(_) => {}
                ReplyEvent::Done(reply) => return Ok(*reply),
            }
        }
    }

    /// Waits until the reply has begun.
    ///
    /// # Errors
    ///
    /// The request failed before the reply began.
    pub(crate) async fn begin(mut self) -> Result<Self, Error> {
        let first = self.events.recv().await.unwrap_or_else(thread_ended)?;
        self.first = Some(Ok(first));
        Ok(self)
    }
}

impl Stream for Generation {
    type Item = GenerationEvent;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<GenerationEvent>> {
        if self.is_done {
            return Poll::Ready(None);
        }
        let event = match self.first.take() {
            Some(event) => event,
            None => ready!(self.events.poll_recv(context)).unwrap_or_else(thread_ended),
        };
        self.is_done = !matches!(event, Ok(ReplyEvent::Delta(_)));
        Poll::Ready(Some(event))
    }
}

/// Event for a thread that ended before it took the request. Nothing was done, so the request can be repeated.
fn thread_ended() -> GenerationEvent {
    Err(Error::new(ConnectionError::Interrupted { begun: false }))
}
