//! Task-local values, and how a task passes them to its threads.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Config;
use crate::reply::Usage;

tokio::task_local! {
    /// The innermost scope of the current task, with the outer scopes merged into it.
    static SCOPE: Arc<Config>;
    /// Number of commands whose tools the current task runs inside.
    static DEPTH: u32;
    /// The innermost sum of tokens that the current task counts in.
    static USAGE: UsageSum;
}

/// The tokens of the commands that are made inside a future. An inner sum counts in the outer ones as well.
#[derive(Clone, Debug)]
pub(crate) struct UsageSum(Arc<UsageNode>);

#[derive(Debug)]
struct UsageNode {
    total: Mutex<Usage>,
    outer: Option<UsageSum>,
}

impl UsageSum {
    /// Creates a sum inside the current one.
    pub(crate) fn new() -> Self {
        Self(Arc::new(UsageNode {
            total: Mutex::default(),
            outer: usage_sum(),
        }))
    }

    /// Adds the tokens of a reply.
    pub(crate) fn add(&self, usage: Usage) {
        let mut next = Some(self);
        while let Some(Self(node)) = next {
            *node.total.lock().unwrap_or_else(PoisonError::into_inner) += usage;
            next = node.outer.as_ref();
        }
    }

    pub(crate) fn total(&self) -> Usage {
        *self.0.total.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the innermost sum of tokens of the current task.
pub(crate) fn usage_sum() -> Option<UsageSum> {
    USAGE.try_with(Clone::clone).ok()
}

/// Counts the tokens of the commands that are made inside a future.
pub(crate) fn counted<F: Future>(sum: UsageSum, future: F) -> impl Future<Output = F::Output> {
    USAGE.scope(sum, future)
}

/// Returns the scope of the current task.
pub(crate) fn scope() -> Option<Arc<Config>> {
    let scope = SCOPE.try_with(Arc::clone).ok();
    #[cfg(feature = "testing")]
    let scope = scope.or_else(super::installed::scope);
    scope
}

/// Runs `future` in a scope.
pub(crate) fn scoped<F: Future>(scope: Arc<Config>, future: F) -> impl Future<Output = F::Output> {
    SCOPE.scope(scope, future)
}

/// Runs the tools of a command that was created in `scope` and that counts its tokens in `usage`. Commands that the
/// tools call get the same, and a depth that is greater by one.
pub(crate) async fn in_tools<F: Future>(
    scope: Option<Arc<Config>>,
    usage: Option<UsageSum>,
    future: F,
) -> F::Output {
    let future = DEPTH.scope(depth() + 1, future);
    let future = async {
        match scope {
            Some(scope) => scoped(scope, future).await,
            None => future.await,
        }
    };
    match usage {
        Some(usage) => counted(usage, future).await,
        None => future.await,
    }
}

/// Keeps the depth of the current task in a task that is spawned for it. A command has its scope and its sum of tokens
/// in itself.
pub(crate) fn at_current_depth<F: Future>(future: F) -> impl Future<Output = F::Output> {
    DEPTH.scope(depth(), future)
}

/// Returns the number of commands whose tools the current task runs inside.
pub(crate) fn depth() -> u32 {
    DEPTH.try_with(|depth| *depth).unwrap_or_default()
}

/// Task-local values that a task passes to a thread.
pub(super) struct TaskLocals {
    scope: Option<Arc<Config>>,
    depth: u32,
    usage: Option<UsageSum>,
}

impl TaskLocals {
    /// Captures the values of the current task.
    pub(super) fn capture() -> Self {
        Self {
            scope: scope(),
            depth: depth(),
            usage: usage_sum(),
        }
    }

    /// Runs a function with these values set.
    pub(super) fn run<T>(self, function: impl FnOnce() -> T) -> T {
        let function = || DEPTH.sync_scope(self.depth, function);
        let function = || match self.scope {
            Some(scope) => SCOPE.sync_scope(scope, function),
            None => function(),
        };
        match self.usage {
            Some(usage) => USAGE.sync_scope(usage, function),
            None => function(),
        }
    }
}
