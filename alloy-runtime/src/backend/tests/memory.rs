//! A backend that answers from memory.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream;
use serde_json::Value;

use crate::backend::exchange::Operation;
use crate::backend::{BackendReply, EncodedRequest, Exchange, StreamedReply};
use crate::error::{ConnectionError, Error};
use crate::reply::{Reply, ReplyEvent};

/// Replies in the order in which they are given, and the bodies that were sent.
pub(super) struct Memory {
    replies: Mutex<Vec<Reply>>,
    bodies: Mutex<Vec<Bytes>>,
}

impl Memory {
    pub(super) fn new(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        let mut replies: Vec<Reply> = replies.into_iter().collect();
        replies.reverse();
        Arc::new(Self {
            replies: Mutex::new(replies),
            bodies: Mutex::default(),
        })
    }

    pub(super) fn bodies(&self) -> Vec<Value> {
        let bodies = self.bodies.lock().unwrap();
        let bodies = bodies
            .iter()
            .map(|body| serde_json::from_slice(body).unwrap());
        bodies.collect()
    }

    fn next(&self, request: EncodedRequest) -> Result<Reply, Error> {
        self.bodies.lock().unwrap().push(request.body);
        let reply = self.replies.lock().unwrap().pop();
        reply.ok_or_else(|| Error::new(ConnectionError::Interrupted { begun: false }))
    }
}

impl Exchange for Arc<Memory> {
    fn send(&self, request: EncodedRequest) -> Operation<'_, BackendReply> {
        Box::pin(async move { Ok(BackendReply::Decoded(Box::new(self.next(request)?))) })
    }

    fn stream(&self, request: EncodedRequest) -> Operation<'_, StreamedReply> {
        Box::pin(async move {
            let reply = self.next(request)?;
            let words = reply.text.split_inclusive(' ').map(str::to_owned);
            let mut events: Vec<_> = words.map(ReplyEvent::Delta).collect();
            events.push(ReplyEvent::Done(Box::new(reply)));
            let events = stream::iter(events.into_iter().map(Ok));
            Ok(StreamedReply::Events(Box::pin(events)))
        })
    }
}
