//! The engine where it was not built: nothing of it can be made, and no route leads here.

use std::path::{Path, PathBuf};
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::error::Error;
use crate::reply::Reply;
use crate::wire::Step;

/// The thread of a model file, of which there is none.
#[derive(Debug)]
pub(crate) enum Engine {}

impl Engine {
    pub(crate) fn start(_path: &Path) -> Result<Self, Error> {
        Err(Error::configuration(
            "this program was built without the engine that runs a model file",
            "Run `cargo add alloy-runtime --features embedded`.",
        ))
    }

    pub(crate) fn is_running(&self) -> bool {
        match *self {}
    }

    pub(crate) fn ask(&self, _body: Bytes) -> Option<Generation> {
        match *self {}
    }
}

pub(crate) fn same_file(path: &Path) -> PathBuf {
    path.to_owned()
}

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
