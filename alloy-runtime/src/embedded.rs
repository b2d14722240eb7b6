//! The engine in this process: model files, run on threads of their own.
//!
//! A request comes as the bytes of its body, as on every other route, and its reply goes back piece by piece. Each
//! file has one thread, which loads it once, answers in the order in which it was asked, and ends with its file when
//! nobody has asked for as long as `keep_alive` says.

mod calls;
mod choice;
mod file;
mod grammar;
mod header;
mod memory;
mod model;
mod network;
mod order;
mod problem;
mod template;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails says so"
)]
mod tests;
mod text;
mod vocabulary;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::task::{Context, Poll, ready};
use std::thread::JoinHandle;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use self::worker::Job;
use crate::error::{Detail, Error, ErrorKind};
use crate::reply::Reply;
use crate::wire::Step;

/// The stack of an engine's thread, in bytes: as deep as a template can nest values within its steps. It takes memory
/// as it is used.
const STACK: usize = 256 * 1024 * 1024;

/// The thread of a model file.
#[derive(Debug)]
pub(crate) struct Engine {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

/// A path that is the same for every way to write that of a file.
pub(crate) fn same_file(path: &Path) -> PathBuf {
    // A loaded file may be gone: then its path alone is what it is known by.
    let found = path.canonicalize().or_else(|_| std::path::absolute(path));
    found.unwrap_or_else(|_| path.to_owned())
}

/// What comes of a request.
#[derive(Debug)]
enum Event {
    /// A piece of the text, where it is wanted in pieces; never empty.
    Text(String),
    /// The end: the reply, with its whole text.
    Over(Box<Reply>),
    /// The end, without one.
    Failed(Error),
}

/// A reply on its way. Dropping it ends the generation, within a token.
#[derive(Debug)]
pub(crate) struct Generation {
    events: UnboundedReceiver<Event>,
    /// What came last, and was not yet given.
    last: Option<Event>,
}

impl Engine {
    /// Starts the thread of a file, which is loaded with the first request.
    ///
    /// # Errors
    ///
    /// The system has no more threads.
    pub(crate) fn start(path: &Path) -> Result<Self, Error> {
        let (jobs, waiting) = mpsc::channel();
        let path: PathBuf = path.to_owned();
        let thread = std::thread::Builder::new().name("alloy-model".to_owned());
        let thread = thread.stack_size(STACK);
        let thread = thread.spawn(move || worker::run(&path, waiting));
        let thread = thread.map_err(|error| {
            Error::embedded(
                ErrorKind::ModelLoad,
                "the engine's thread could not be started",
                "Look at the cause: usually a limit of threads.",
            )
            .with_source(error)
        })?;
        Ok(Self { jobs, thread })
    }

    /// Whether it was not let go of yet.
    pub(crate) fn is_running(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Hands over a request; `None` where the thread has ended.
    pub(crate) fn ask(&self, body: Bytes) -> Option<Generation> {
        let (sender, events) = unbounded_channel();
        let job = Job {
            body,
            events: sender,
            asked: now(),
        };
        self.jobs.send(job).ok()?;
        Some(Generation { events, last: None })
    }
}

impl Generation {
    /// The whole reply.
    pub(crate) async fn whole(mut self) -> Result<Reply, Error> {
        loop {
            match self.next().await {
                Event::Text(_) => {}
                Event::Over(reply) => return Ok(*reply),
                Event::Failed(error) => return Err(error),
            }
        }
    }

    /// The same, once it has begun.
    ///
    /// # Errors
    ///
    /// What ended it before it began.
    pub(crate) async fn begin(mut self) -> Result<Self, Error> {
        match self.next().await {
            Event::Failed(error) => Err(error),
            begun => {
                self.last = Some(begun);
                Ok(self)
            }
        }
    }

    async fn next(&mut self) -> Event {
        self.events.recv().await.unwrap_or_else(lost)
    }

    /// What has come, and was not yet given. The reply itself is given last, by [`reply`](Self::reply).
    pub(crate) fn step(&mut self) -> Result<Step, Error> {
        match self.last.take() {
            None => Ok(Step::More),
            Some(Event::Text(text)) => Ok(Step::Text(text)),
            Some(Event::Failed(error)) => Err(error),
            over @ Some(Event::Over(_)) => {
                self.last = over;
                Ok(Step::End)
            }
        }
    }

    /// Waits for what comes next.
    pub(crate) fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let event = ready!(self.events.poll_recv(context));
        self.last = Some(event.unwrap_or_else(lost));
        Poll::Ready(())
    }

    /// The reply that has ended, with the text that was given out.
    pub(crate) fn reply(&mut self, text: String) -> Result<Reply, Error> {
        match self.last.take() {
            Some(Event::Over(reply)) => Ok(Reply { text, ..*reply }),
            _ => Err(Error::new(Detail::Interrupted { begun: true })),
        }
    }
}

/// Loads a file, and asks it for a few tokens, on this thread.
#[cfg(fuzzing)]
pub(crate) fn try_file(path: &Path) -> Result<(), Error> {
    struct Nobody;

    impl model::Listener for Nobody {
        fn hear(&self, _text: &str) {}

        fn is_gone(&self) -> bool {
            false
        }
    }

    let body =
        br#"{"messages":[{"role":"user","content":"Say hello"}],"options":{"num_predict":2}}"#;
    let mut model = model::Model::load(path)?;
    let order = order::Order::of(body).map_err(|error| Error::prompt(error.into()))?;
    match model.answer(&order, &Nobody, std::time::Duration::ZERO) {
        Ok(_) | Err(model::Failure::Gone) => Ok(()),
        Err(model::Failure::Told(error)) => Err(error),
    }
}

/// The engine is a server of its own: how long it took is told by it.
#[allow(clippy::disallowed_methods, reason = "read here, for the whole room")]
fn now() -> Instant {
    Instant::now()
}

/// The thread ended just when it was asked: nothing was done, and it can be asked again.
fn lost() -> Event {
    Event::Failed(Error::new(Detail::Interrupted { begun: false }))
}
