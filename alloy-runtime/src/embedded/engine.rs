//! The engine of one model file.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::sync::mpsc::unbounded_channel;

use super::clock::now;
use super::generation::Generation;
use super::worker::{self, GenerationJob};
use crate::error::{Error, ErrorKind};

/// Stack size of an engine's thread, in bytes. A template can nest values this deep within its limit of steps. The
/// operating system allocates the memory as it is used.
pub(super) const STACK_SIZE: usize = 256 * 1024 * 1024;

/// Handle of a model file's thread.
#[derive(Debug)]
pub(crate) struct Engine {
    jobs: mpsc::Sender<GenerationJob>,
    thread: JoinHandle<()>,
}

/// Returns a path that is the same for all spellings of a file's path.
pub(crate) fn canonical_path(path: &Path) -> PathBuf {
    // A file that is loaded may have been removed. Its absolute path identifies it then.
    let canonical = path.canonicalize().or_else(|_| std::path::absolute(path));
    canonical.unwrap_or_else(|_| path.to_owned())
}

impl Engine {
    /// Starts the thread of a file. The file is loaded with the first request.
    ///
    /// # Errors
    ///
    /// The operating system cannot start another thread.
    pub(crate) fn start(path: &Path) -> Result<Self, Error> {
        let (sender, jobs) = mpsc::channel();
        let path: PathBuf = path.to_owned();
        let thread = std::thread::Builder::new().name("alloy-model".to_owned());
        let thread = thread.stack_size(STACK_SIZE);
        let thread = thread.spawn(move || worker::run(&path, jobs));
        let thread = thread.map_err(|error| {
            Error::embedded(
                ErrorKind::ModelLoad,
                "the engine's thread could not be started",
                "Look at the cause: usually a limit of threads or of memory.",
            )
            .with_source(error)
        })?;
        Ok(Self {
            jobs: sender,
            thread,
        })
    }

    /// Returns `true` until the thread has ended.
    pub(crate) fn is_running(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Submits a request; `None` if the thread has ended.
    pub(crate) fn submit(&self, body: Bytes) -> Option<Generation> {
        let (sender, events) = unbounded_channel();
        let job = GenerationJob {
            body,
            events: sender,
            submitted: now(),
        };
        self.jobs.send(job).ok()?;
        Some(Generation::new(events))
    }
}
