//! The thread of a model file.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;

use super::Event;
use super::model::{Failure, Listener, Model};
use super::order::Order;
use super::problem::broken;

/// How long a file stays loaded where no request says: as long as with Ollama.
const KEPT: Duration = Duration::from_secs(5 * 60);

/// A request that waits for its turn.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) body: Bytes,
    pub(super) events: UnboundedSender<Event>,
    pub(super) asked: Instant,
}

/// Answers requests in their order, until none has come for as long as the last one said.
pub(super) fn run(path: &Path, jobs: Receiver<Job>) {
    let mut model = None;
    let mut kept = Some(KEPT);
    loop {
        let job = match kept {
            Some(kept) => jobs.recv_timeout(kept),
            None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let Ok(job) = job else {
            // Before the model, which takes its time to go: who asks now gets a thread that answers.
            drop(jobs);
            return;
        };
        if job.events.is_closed() {
            continue;
        }
        let order = Order::of(&job.body);
        // The libraries below were not written for files that lie: what they do then ends this request alone.
        let answered = catch_unwind(AssertUnwindSafe(|| match &order {
            Ok(order) => answer(&mut model, path, order, &job),
            Err(error) => Err(Failure::Told(broken(path, &error.to_string()))),
        }));
        let end = match answered {
            Ok(Ok(reply)) => Event::Over(Box::new(reply)),
            Ok(Err(Failure::Gone)) => continue,
            Ok(Err(Failure::Told(error))) => Event::Failed(error),
            Err(panic) => {
                model = None;
                Event::Failed(broken(path, words(&*panic)))
            }
        };
        kept = match order {
            Ok(Order {
                keep_alive: Some(seconds),
                ..
            }) => Duration::try_from_secs_f64(seconds).ok(),
            _ => Some(KEPT),
        };
        // Whoever asked may be gone by now.
        drop(job.events.send(end));
    }
}

fn answer(
    model: &mut Option<Model>,
    path: &Path,
    order: &Order,
    job: &Job,
) -> Result<crate::reply::Reply, Failure> {
    let model = match model {
        Some(model) => model,
        None => model.insert(Model::load(path)?),
    };
    model.answer(order, job, job.asked.elapsed())
}

impl Listener for Job {
    fn hear(&self, text: &str) {
        drop(self.events.send(Event::Text(text.to_owned())));
    }

    fn is_gone(&self) -> bool {
        self.events.is_closed()
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked")
}
