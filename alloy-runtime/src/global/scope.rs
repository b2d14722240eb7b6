//! What a task has of its own, and takes along to its threads.

use std::future::Future;
use std::sync::Arc;

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

/// What a task takes along to a thread.
pub(super) struct Ambience {
    scope: Option<Arc<Config>>,
    depth: u32,
}

/// That of the running task.
pub(super) fn ambience() -> Ambience {
    Ambience {
        scope: scope(),
        depth: depth(),
    }
}

impl Ambience {
    /// Runs a function with it.
    pub(super) fn hold<T>(self, run: impl FnOnce() -> T) -> T {
        let run = || DEPTH.sync_scope(self.depth, run);
        match self.scope {
            Some(scope) => SCOPE.sync_scope(scope, run),
            None => run(),
        }
    }
}
