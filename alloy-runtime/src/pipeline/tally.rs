//! The counters of a running command, which its `on_done` hooks receive at the end.

use std::sync::Arc;

use tokio::time::Instant;

use super::counters::Counters;
use crate::backend::CallInfo;
use crate::config::{Done, OnDone};
use crate::error::{Error, ErrorKind};

/// The counters of a running command. If it is dropped before the command has ended, the command was cancelled.
pub(super) struct Tally {
    pub(super) counters: Counters,
    /// `None` without hooks, and after they were called.
    report: Option<Box<Report>>,
}

/// The data of the `on_done` hooks that does not change while the command runs.
struct Report {
    hooks: OnDone,
    info: Arc<CallInfo>,
    started: Instant,
}

/// The end of a command.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Answered,
    Cached,
    Failed(ErrorKind),
    Cancelled,
}

impl Tally {
    /// Starts the time of a command.
    pub(super) fn start(info: &Arc<CallInfo>) -> Self {
        let hooks = info.resolved.settings.on_done.as_ref();
        let report = hooks.map(|hooks| {
            Box::new(Report {
                hooks: hooks.value.clone(),
                info: Arc::clone(info),
                started: Instant::now(),
            })
        });
        Self {
            counters: Counters::default(),
            report,
        }
    }

    /// Goes on with another model. The answers of the one before do not count.
    pub(super) fn restart(&mut self, info: &Arc<CallInfo>) {
        self.counters = self.counters.without_answers();
        if let Some(report) = &mut self.report {
            report.info = Arc::clone(info);
        }
    }

    /// Calls the hooks of a command that succeeded.
    pub(super) fn finish(&mut self) {
        self.end(End::Answered);
    }

    /// Calls the hooks of a command whose answer came from the cache.
    pub(super) fn finish_cached(&mut self) {
        self.end(End::Cached);
    }

    /// Calls the hooks of a command that failed.
    pub(super) fn fail(&mut self, error: &Error) {
        self.end(End::Failed(error.kind()));
    }

    fn end(&mut self, end: End) {
        let Some(report) = self.report.take() else {
            return;
        };
        let Report {
            hooks,
            info,
            started,
        } = *report;
        let resolved = &info.resolved;
        let endpoint = match resolved.endpoint.address() {
            Some(address) => address.to_owned(),
            None => resolved.endpoint.display_url(),
        };
        hooks.call(&Done {
            command: info.command,
            model: resolved.model.as_str(),
            endpoint: &endpoint,
            duration: started.elapsed(),
            usage: self.counters.usage,
            attempts: self.counters.attempts,
            requests: self.counters.requests,
            error: match end {
                End::Failed(kind) => Some(kind),
                End::Answered | End::Cached | End::Cancelled => None,
            },
            cancelled: end == End::Cancelled,
            cached: end == End::Cached,
        });
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.end(End::Cancelled);
    }
}
