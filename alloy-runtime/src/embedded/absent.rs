//! The engine where it was not built: nothing of it can be made.

use std::task::{Context, Poll};

use crate::error::Error;
use crate::reply::Reply;
use crate::wire::Step;

/// A reply of the engine's, of which there is none.
#[derive(Debug)]
pub(crate) enum Generation {}

#[allow(clippy::unused_async, reason = "as where the engine is")]
impl Generation {
    pub(crate) async fn whole(self) -> Result<Reply, Error> {
        match self {}
    }

    pub(crate) async fn begin(self) -> Result<Self, Error> {
        match self {}
    }

    pub(crate) fn step(&mut self) -> Result<Step, Error> {
        match *self {}
    }

    pub(crate) fn poll_more(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        match *self {}
    }

    pub(crate) fn reply(&mut self, _text: String) -> Result<Reply, Error> {
        match *self {}
    }
}
