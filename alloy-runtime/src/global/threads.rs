//! Threads for functions that may block.
//!
//! They are none of a runtime's own: a runtime waits at its end for its blocking threads, and a program with a tool that
//! hangs would never end. A thread that has nothing to do is kept for a while, since starting one costs more than a
//! quick function takes.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::scope::ambience;

/// How many threads are kept that have nothing to do, and for how long.
const MOST_IDLE: usize = 8;
const PATIENCE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// The threads that have nothing to do, by a number of their own. The last to come is the first to go: the others
/// get old, and end.
static IDLE: Mutex<Vec<(usize, Sender<Job>)>> = Mutex::new(Vec::new());

/// Runs a function on a thread, where it may block, with the runtime and the scope of this task.
///
/// # Errors
///
/// The machine has no more threads.
pub(crate) fn on_a_thread<T: Send + 'static>(
    run: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<oneshot::Receiver<T>> {
    let (sender, receiver) = oneshot::channel();
    let (runtime, ambience) = (Handle::try_current(), ambience());
    let job: Job = Box::new(move || {
        let _entered = runtime.as_ref().map(Handle::enter);
        // Where nobody waits any more, it is lost.
        drop(sender.send(ambience.hold(run)));
    });
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let job = match idle {
        // NOTE: One that is not in the list any more waits without an end.
        Some((_, thread)) => match thread.send(job) {
            Ok(()) => return Ok(receiver),
            Err(lost) => lost.0,
        },
        None => job,
    };
    let thread = std::thread::Builder::new().name("alloy-tool".to_owned());
    thread.spawn(|| work(job))?;
    Ok(receiver)
}

/// Runs one function after the other, until none comes for a while.
fn work(first: Job) {
    let (sender, jobs) = channel::<Job>();
    let number = std::ptr::from_ref(&jobs).addr();
    let is_mine = |idle: &(usize, Sender<Job>)| idle.0 == number;
    let mut job = first;
    loop {
        job();
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() == MOST_IDLE {
            return;
        }
        idle.push((number, sender.clone()));
        drop(idle);
        job = match jobs.recv_timeout(PATIENCE) {
            Ok(next) => next,
            Err(_) => {
                let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
                let mine = idle.iter().position(is_mine);
                if let Some(mine) = mine {
                    idle.remove(mine);
                    return;
                }
                drop(idle);
                // It was taken out of the list just now: a function is on its way.
                match jobs.recv() {
                    Ok(next) => next,
                    Err(_) => return,
                }
            }
        };
    }
}
