//! Where the text of a stream comes from: the body of a server's reply, or the engine in this process.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::config::Api;
use crate::embedded::Generation;
use crate::error::Error;
use crate::reply::Reply;
use crate::transport::Incoming;
use crate::wire::{Decoder, Step};

/// How long the end of a body is waited for once the reply has ended: without it the connection cannot be
/// used again. Servers send it at once.
const PATIENCE_AT_THE_END: Duration = Duration::from_millis(100);
/// How much of a body is read behind the end of its reply, in pieces.
const MOST_BEHIND: usize = 16;

/// A reply that has begun.
#[allow(clippy::large_enum_variant, reason = "the larger one is the usual one")]
pub(super) enum Source {
    Server {
        incoming: Incoming,
        decoder: Decoder,
        drain: Drain,
    },
    Engine(Generation),
}

/// The rest of a body whose reply has ended.
#[derive(Default)]
pub(super) struct Drain {
    pieces: usize,
    patience: Option<Pin<Box<Sleep>>>,
}

impl Source {
    pub(super) fn of_server(api: Api, incoming: Incoming) -> Self {
        Self::Server {
            decoder: Decoder::new(api, incoming.is_document()),
            incoming,
            drain: Drain::default(),
        }
    }

    /// What has come, and was not yet given.
    pub(super) fn step(&mut self) -> Result<Step, Error> {
        match self {
            Self::Server { decoder, .. } => decoder.step(),
            Self::Engine(generation) => generation.step(),
        }
    }

    /// Waits for more.
    pub(super) fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self {
            Self::Server {
                incoming, decoder, ..
            } => {
                match ready!(incoming.poll_piece(context))? {
                    Some(bytes) => decoder.feed(bytes),
                    None => decoder.end(),
                }
                Poll::Ready(Ok(()))
            }
            Self::Engine(generation) => generation.poll_more(context).map(Ok),
        }
    }

    /// How many bytes are kept beside the text.
    pub(super) fn kept(&self) -> usize {
        match self {
            Self::Server { decoder, .. } => decoder.kept(),
            Self::Engine(_) => 0,
        }
    }

    /// The thinking so far, where it comes apart from the text.
    pub(super) fn thinking(&self) -> &str {
        match self {
            Self::Server { decoder, .. } => decoder.thinking(),
            Self::Engine(_) => "",
        }
    }

    /// The reply, whole, with the text that was given out.
    pub(super) fn reply(&mut self, text: String) -> Result<Reply, Error> {
        match self {
            Self::Server { decoder, .. } => decoder.reply(text),
            Self::Engine(generation) => generation.reply(text),
        }
    }

    /// Waits for the end of a body whose reply has ended; not for long.
    pub(super) fn poll_drained(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Self::Server {
            incoming, drain, ..
        } = self
        else {
            return Poll::Ready(());
        };
        while drain.pieces < MOST_BEHIND {
            match incoming.poll_piece(context) {
                Poll::Ready(Ok(Some(_))) => drain.pieces += 1,
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    let patience = &mut drain.patience;
                    let timer =
                        patience.get_or_insert_with(|| Box::pin(sleep(PATIENCE_AT_THE_END)));
                    return timer.as_mut().poll(context);
                }
            }
        }
        Poll::Ready(())
    }
}
