//! What a task has of its own, and takes along to its threads.

use std::future::Future;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::config::Config;

tokio::task_local! {
    /// The innermost scope of the running task, with those around it merged into it.
    static SCOPE: Arc<Config>;
    /// How many commands run the tools that the task is in.
    static DEPTH: u32;
}

/// The scope of the running task.
pub(crate) fn scope() -> Option<Arc<Config>> {
    SCOPE.try_with(Arc::clone).ok()
}

/// Runs `future` in a scope.
pub(crate) fn scoped<F: Future>(scope: Arc<Config>, future: F) -> impl Future<Output = F::Output> {
    SCOPE.scope(scope, future)
}

/// Runs the tools of a command that was made in `scope`: what they ask of a model has the same.
pub(crate) async fn in_tools<F: Future>(scope: Option<Arc<Config>>, future: F) -> F::Output {
    let future = DEPTH.scope(depth() + 1, future);
    match scope {
        Some(scope) => scoped(scope, future).await,
        None => future.await,
    }
}

/// How many commands run the tools in which this one is asked.
pub(crate) fn depth() -> u32 {
    DEPTH.try_with(|depth| *depth).unwrap_or_default()
}

/// Runs a function on a thread of its own, where it may block, with the runtime and the scope of this task.
///
/// A runtime waits at its end for its own blocking threads, and a program with one that hangs would never end.
///
/// # Errors
///
/// The machine has no more threads.
pub(crate) fn on_a_thread<T: Send + 'static>(
    run: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<oneshot::Receiver<T>> {
    let (sender, receiver) = oneshot::channel();
    let (runtime, scope, depth) = (Handle::try_current(), scope(), depth());
    let thread = std::thread::Builder::new().name("alloy-tool".to_owned());
    thread.spawn(move || {
        let _entered = runtime.as_ref().map(Handle::enter);
        let run = || DEPTH.sync_scope(depth, run);
        // Where nobody waits any more, it is lost.
        drop(sender.send(match scope {
            Some(scope) => SCOPE.sync_scope(scope, run),
            None => run(),
        }));
    })?;
    Ok(receiver)
}
