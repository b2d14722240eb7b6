//! The thread of a model file.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;

use super::error::engine_failed;
use super::generation::GenerationEvent;
use super::generator::{AnswerFailure, TextListener};
use super::model::Model;
use super::request::EngineRequest;
use crate::reply::Reply;
use crate::reply::ReplyEvent;

/// Time that a file stays loaded after a request without `keep_alive`: Ollama's default.
const DEFAULT_KEEP_ALIVE: Duration = Duration::from_secs(5 * 60);

/// A request in the queue of the thread.
#[derive(Debug)]
pub(super) struct GenerationJob {
    pub(super) body: Bytes,
    pub(super) events: UnboundedSender<GenerationEvent>,
    pub(super) submitted: Instant,
}

/// Answers requests in their order, until none is received for the `keep_alive` of the last one.
pub(super) fn run(path: &Path, jobs: Receiver<GenerationJob>) {
    let mut model = None;
    // `None` means for ever.
    let mut keep_alive = Some(DEFAULT_KEEP_ALIVE);
    loop {
        let job = match keep_alive {
            Some(keep_alive) => jobs.recv_timeout(keep_alive),
            None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let Ok(job) = job else {
            // Dropped before the model, which takes time to free: a request from now on starts another thread instead
            // of entering a queue that nobody reads.
            drop(jobs);
            return;
        };
        if job.events.is_closed() {
            continue;
        }
        let request = EngineRequest::from_body(&job.body);
        // The libraries may panic on a damaged file. A panic fails this request only.
        let answered = catch_unwind(AssertUnwindSafe(|| match &request {
            Ok(request) => answer(&mut model, path, request, &job),
            Err(error) => Err(AnswerFailure::Error(engine_failed(
                path,
                &error.to_string(),
            ))),
        }));
        let event = match answered {
            Ok(Ok(reply)) => Ok(ReplyEvent::Done(Box::new(reply))),
            Ok(Err(AnswerFailure::Cancelled)) => continue,
            Ok(Err(AnswerFailure::Error(error))) => Err(error),
            Err(panic) => {
                model = None;
                Err(engine_failed(path, panic_message(&*panic)))
            }
        };
        keep_alive = match request {
            Ok(EngineRequest {
                keep_alive: Some(seconds),
                ..
            }) => Duration::try_from_secs_f64(seconds).ok(),
            _ => Some(DEFAULT_KEEP_ALIVE),
        };
        // The receiver may be gone.
        drop(job.events.send(event));
    }
}

fn answer(
    model: &mut Option<Model>,
    path: &Path,
    request: &EngineRequest,
    job: &GenerationJob,
) -> Result<Reply, AnswerFailure> {
    let model = match model {
        Some(model) => model,
        None => model.insert(Model::load(path)?),
    };
    model.answer(request, job, job.submitted.elapsed())
}

impl TextListener for GenerationJob {
    fn on_text(&self, text: &str) {
        drop(self.events.send(Ok(ReplyEvent::Delta(text.to_owned()))));
    }

    fn is_gone(&self) -> bool {
        self.events.is_closed()
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
    message.unwrap_or("it panicked")
}
