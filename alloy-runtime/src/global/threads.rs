//! Threads for functions that may block.
//!
//! They do not belong to an async runtime: a runtime waits for its blocking threads when it shuts down, so a
//! program with a tool that hangs would never end. Idle threads are kept for a while, because starting a thread
//! takes longer than a quick function runs.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::task_locals::TaskLocals;

/// Maximum number of idle threads kept.
const MAX_IDLE: usize = 8;
/// Time that an idle thread is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// Idle threads, each with its id. The last one added is the first one used, so that the others reach their
/// timeout and end.
static IDLE: Mutex<Vec<(usize, Sender<Job>)>> = Mutex::new(Vec::new());

/// Runs a function that may block on a thread, with the async runtime and the scope of the current task.
///
/// # Errors
///
/// The operating system cannot start another thread.
pub(crate) fn spawn_thread<T: Send + 'static>(
    function: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<oneshot::Receiver<T>> {
    let (sender, receiver) = oneshot::channel();
    let (runtime, task_locals) = (Handle::try_current(), TaskLocals::capture());
    let job: Job = Box::new(move || {
        let _entered = runtime.as_ref().map(Handle::enter);
        // The receiver may be gone. The result is dropped then.
        drop(sender.send(task_locals.run(function)));
    });
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let job = match idle {
        // NOTE: A thread that was removed from the list waits for its job without a timeout.
        Some((_, thread)) => match thread.send(job) {
            Ok(()) => return Ok(receiver),
            Err(unsent) => unsent.0,
        },
        None => job,
    };
    let thread = std::thread::Builder::new().name("alloy-tool".to_owned());
    thread.spawn(|| run_jobs(job))?;
    Ok(receiver)
}

/// Runs one job after another until no job is received for [`IDLE_TIMEOUT`].
fn run_jobs(first: Job) {
    let (sender, jobs) = channel::<Job>();
    // No two running threads have their receiver at the same address.
    let id = std::ptr::from_ref(&jobs).addr();
    let is_this_thread = |idle: &(usize, Sender<Job>)| idle.0 == id;
    let mut job = first;
    loop {
        job();
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() == MAX_IDLE {
            return;
        }
        idle.push((id, sender.clone()));
        drop(idle);
        job = match jobs.recv_timeout(IDLE_TIMEOUT) {
            Ok(next) => next,
            Err(_) => {
                let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
                let index = idle.iter().position(is_this_thread);
                if let Some(index) = index {
                    idle.remove(index);
                    return;
                }
                drop(idle);
                // Another thread has just removed this one from the list: its job is about to arrive.
                match jobs.recv() {
                    Ok(next) => next,
                    Err(_) => return,
                }
            }
        };
    }
}
