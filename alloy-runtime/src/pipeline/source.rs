//! Where the pieces of a streamed reply come from.

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
pub(super) trait Source: Send {
    /// What has come, and was not yet given.
    fn step(&mut self) -> Result<Step, Error>;

    /// Waits for more.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>>;

    /// The reply, whole, with the text that was given out.
    fn reply(&mut self, text: String) -> Result<Reply, Error>;

    /// How many bytes are kept beside the text.
    fn kept(&self) -> usize {
        0
    }

    /// The thinking so far; empty where it does not come apart from the text.
    fn thinking(&self) -> &str;

    /// Waits for what belongs to a reply that has ended; not for long.
    fn poll_drained(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// The body of a server's reply.
pub(super) struct Body {
    incoming: Incoming,
    decoder: Decoder,
    /// How many pieces were read behind the end of the reply, and until when more are waited for.
    behind: usize,
    patience: Option<Pin<Box<Sleep>>>,
}

impl Body {
    pub(super) fn new(api: Api, incoming: Incoming) -> Self {
        Self {
            decoder: Decoder::new(api, incoming.is_document()),
            incoming,
            behind: 0,
            patience: None,
        }
    }
}

impl Source for Body {
    fn step(&mut self) -> Result<Step, Error> {
        self.decoder.step()
    }

    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match ready!(self.incoming.poll_piece(context))? {
            Some(bytes) => self.decoder.feed(bytes),
            None => self.decoder.end(),
        }
        Poll::Ready(Ok(()))
    }

    fn reply(&mut self, text: String) -> Result<Reply, Error> {
        self.decoder.reply(text)
    }

    fn kept(&self) -> usize {
        self.decoder.kept()
    }

    fn thinking(&self) -> &str {
        self.decoder.thinking()
    }

    fn poll_drained(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.behind < MOST_BEHIND {
            match self.incoming.poll_piece(context) {
                Poll::Ready(Ok(Some(_))) => self.behind += 1,
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    let patience = &mut self.patience;
                    let timer =
                        patience.get_or_insert_with(|| Box::pin(sleep(PATIENCE_AT_THE_END)));
                    return timer.as_mut().poll(context);
                }
            }
        }
        Poll::Ready(())
    }
}

impl Source for Generation {
    fn step(&mut self) -> Result<Step, Error> {
        self.step()
    }

    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_more(context).map(Ok)
    }

    fn reply(&mut self, text: String) -> Result<Reply, Error> {
        self.reply(text)
    }

    #[allow(clippy::unnecessary_literal_bound, reason = "as the trait has it")]
    fn thinking(&self) -> &str {
        ""
    }
}
