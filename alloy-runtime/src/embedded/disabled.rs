//! Replacement of the engine in builds without the feature `embedded`. No value of its types can be created.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use crate::error::Error;
use crate::reply::{Reply, ReplyEvent};

/// Handle of a model file's thread. It has no values.
#[derive(Debug)]
pub(crate) enum Engine {}

impl Engine {
    pub(crate) fn start(_path: &Path) -> Result<Self, Error> {
        Err(Error::configuration(
            "this program was built without the engine that runs model files",
            "Run `cargo add alloy-runtime --features embedded`.",
        ))
    }

    pub(crate) fn is_running(&self) -> bool {
        match *self {}
    }

    pub(crate) fn submit(&self, _body: Bytes) -> Option<Generation> {
        match *self {}
    }
}

pub(crate) fn canonical_path(path: &Path) -> PathBuf {
    path.to_owned()
}

/// A reply that is being generated. It has no values.
#[derive(Debug)]
pub(crate) enum Generation {}

#[allow(clippy::unused_async, reason = "the signatures of the engine")]
impl Generation {
    pub(crate) async fn whole(self) -> Result<Reply, Error> {
        match self {}
    }

    pub(crate) async fn begin(self) -> Result<Self, Error> {
        match self {}
    }
}

impl Stream for Generation {
    type Item = Result<ReplyEvent, Error>;

    fn poll_next(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match *self {}
    }
}
