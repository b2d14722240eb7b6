//! The state of a running batch: begins commands, and gives out items. `results` takes in their results.

mod results;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, Sleep, sleep};
use tracing::{Instrument as _, Span};

use super::BatchItem;
use super::failure::{Backoff, aborted, panicked};
use super::options::{BatchLimits, BatchOptions};
#[cfg(feature = "progress")]
use super::progress::ProgressDisplay;
use super::totals::BatchTotals;
use crate::backend::ActiveBackend;
use crate::command::Command;
use crate::deadline::ServerPause;
use crate::endpoint::Resolved;
use crate::error::{BatchError, BoxError, Error};
use crate::global::{self, Runtime};
use crate::outcome::Outcome;
use crate::output::Output;
use crate::tool::panic_message;

type Rows<'a, R> = Pin<Box<dyn Stream<Item = Result<R, BoxError>> + Send + 'a>>;

type MakeCommand<'a, R, T> = Box<dyn FnMut(&R) -> Command<T> + Send + 'a>;

type Item<R, T> = Result<BatchItem<R, T>, Error>;

/// A running batch.
pub(super) struct Run<'a, R, T> {
    pub(super) options: BatchOptions,
    /// The rows that were not read yet; `None` after the last one.
    rows: Option<Rows<'a, R>>,
    command: MakeCommand<'a, R, T>,
    /// The index of the next row.
    next_index: usize,
    /// The rows that were begun and not given out. Boxed: the map moves its entries, which took half a microsecond of the
    /// 20 of a row.
    begun: BTreeMap<usize, Box<BegunRow<R, T>>>,
    tasks: JoinSet<Result<Outcome<T>, Error>>,
    /// The rows of the tasks.
    task_rows: HashMap<Id, usize>,
    /// The rows to ask again.
    put_back: VecDeque<usize>,
    /// The rows that have finished, in that order, if their items come in that order.
    finished: VecDeque<usize>,
    /// Number of consecutive rows that failed because of the model or its server.
    failures: u32,
    /// Number of consecutive rows that could not be read.
    unreadable: u32,
    backoff: Backoff,
    /// The pause of the server of the first command, which commands wait for as well; `None` without a server.
    pause: Option<Arc<ServerPause>>,
    /// Wakes the batch after the pause.
    timer: Option<Pin<Box<Sleep>>>,
    /// Set by the first command.
    limits: Option<BatchLimits>,
    /// The runtime of the tasks.
    runtime: Option<Runtime>,
    started: Option<Instant>,
    totals: BatchTotals,
    /// The help of the error that stops the batch, once it is to stop.
    stop_help: Option<String>,
    /// `true` if a row was not asked as often as allowed, because the batch stopped.
    cut_short: bool,
    is_done: bool,
    /// `true` if progress is shown.
    #[cfg(feature = "progress")]
    pub(super) shows_progress: bool,
    #[cfg(feature = "progress")]
    progress: Option<ProgressDisplay>,
}

/// A row that was begun.
struct BegunRow<R, T> {
    /// The row, or the error in place of it.
    row: Result<R, Error>,
    tries: u32,
    /// The result of the last try; `None` while the first one runs.
    result: Option<Result<Outcome<T>, Error>>,
    is_finished: bool,
}

impl<'a, R: Send, T: Output> Run<'a, R, T> {
    pub(super) fn new(rows: Rows<'a, R>, command: MakeCommand<'a, R, T>) -> Self {
        Self {
            options: BatchOptions::default(),
            rows: Some(rows),
            command,
            next_index: 0,
            begun: BTreeMap::new(),
            tasks: JoinSet::new(),
            task_rows: HashMap::new(),
            put_back: VecDeque::new(),
            finished: VecDeque::new(),
            failures: 0,
            unreadable: 0,
            backoff: Backoff::default(),
            pause: None,
            timer: None,
            limits: None,
            runtime: None,
            started: None,
            totals: BatchTotals::default(),
            stop_help: None,
            cut_short: false,
            is_done: false,
            #[cfg(feature = "progress")]
            shows_progress: false,
            #[cfg(feature = "progress")]
            progress: None,
        }
    }

    /// Returns the next item; `None` at the end.
    pub(super) fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Option<Item<R, T>>> {
        if self.is_done {
            return Poll::Ready(None);
        }
        if self.started.is_none() {
            self.started = Some(Instant::now());
            self.options.finish();
            if let Some(invalid) = self.options.invalid.take() {
                self.end();
                return Poll::Ready(Some(Err(invalid)));
            }
            #[cfg(feature = "progress")]
            if self.shows_progress {
                self.progress = Some(ProgressDisplay::new(self.rows_left()));
            }
        }
        let runtime = self.runtime.clone();
        let _runtime = runtime.as_ref().and_then(global::enter_if_outside);
        // A task that ends makes room for another, which may end at once.
        while self.poll_tasks(context) | self.poll_begin(context) {}
        if let Some(item) = self.take_finished() {
            return Poll::Ready(Some(item));
        }
        let is_over = self.rows.is_none() || self.stop_help.is_some();
        if !is_over || !self.begun.is_empty() {
            return Poll::Pending;
        }
        let error = self.stop_error();
        self.end();
        Poll::Ready(error.map(Err))
    }

    /// Takes in the results of the tasks that have ended. Returns `true` if there were any.
    fn poll_tasks(&mut self, context: &mut Context<'_>) -> bool {
        let mut has_ended = false;
        while let Poll::Ready(Some(ended)) = self.tasks.poll_join_next_with_id(context) {
            has_ended = true;
            let (id, result) = match ended {
                Ok(ended) => ended,
                Err(error) => (error.id(), Err(aborted(error))),
            };
            if let Some(index) = self.task_rows.remove(&id) {
                self.take_result(index, result);
            }
        }
        has_ended
    }

    /// Begins rows while there is room. Returns `true` if any was begun.
    fn poll_begin(&mut self, context: &mut Context<'_>) -> bool {
        let mut has_begun = false;
        while self.has_room() && !self.is_paused(context) {
            if let Some(index) = self.put_back.pop_front() {
                self.begin(index);
            } else if !self.poll_row(context) {
                break;
            }
            has_begun = true;
        }
        has_begun
    }

    /// Returns `true` if another command may run.
    fn has_room(&self) -> bool {
        if self.stop_help.is_some() {
            return false;
        }
        // The first command decides on the limits.
        let Some(limits) = self.limits else {
            return self.begun.is_empty();
        };
        let may_begin = !self.put_back.is_empty() || self.begun.len() < limits.window;
        may_begin && self.tasks.len() < limits.concurrency
    }

    /// Returns `true` during a pause, whose end wakes the batch.
    fn is_paused(&mut self, context: &mut Context<'_>) -> bool {
        loop {
            let Some(remaining) = self.pause.as_ref().and_then(|pause| pause.remaining()) else {
                self.timer = None;
                return false;
            };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(remaining)));
            if timer.as_mut().poll(context).is_pending() {
                return true;
            }
            self.timer = None;
        }
    }

    /// Reads the next row and begins it. Returns `false` if there is none now.
    fn poll_row(&mut self, context: &mut Context<'_>) -> bool {
        let Some(rows) = &mut self.rows else {
            return false;
        };
        let row = match rows.as_mut().poll_next(context) {
            Poll::Pending => return false,
            Poll::Ready(None) => {
                self.rows = None;
                return false;
            }
            Poll::Ready(Some(row)) => row,
        };
        let index = self.next_index;
        self.next_index += 1;
        let (part, parts) = self.options.partition;
        if index % parts != part {
            return true;
        }
        let unreadable =
            |source| Error::new(BatchError::UnreadableRow { index }).with_source(source);
        let row = row.map_err(unreadable);
        let unreadable = row.as_ref().err().map(Error::kind);
        self.begun.insert(
            index,
            Box::new(BegunRow {
                row,
                tries: 0,
                result: None,
                is_finished: false,
            }),
        );
        match unreadable {
            Some(kind) => self.take_unreadable(index, kind),
            None => {
                self.unreadable = 0;
                self.begin(index);
            }
        }
        true
    }

    /// Starts the command of a row that was begun.
    fn begin(&mut self, index: usize) {
        let Some(begun) = self.begun.get_mut(&index) else {
            return;
        };
        let Ok(row) = &begun.row else { return };
        begun.tries += 1;
        let make = &mut self.command;
        // Unwind safe: after a panic, only the closure can see the state that it left inconsistent.
        let command = match catch_unwind(AssertUnwindSafe(|| make(row))) {
            Ok(command) => command,
            Err(payload) => return self.take_result(index, Err(panicked(panic_message(payload)))),
        };
        if self.limits.is_none() {
            let resolved = command.resolved().ok();
            self.limits = Some(self.options.limits(resolved.as_deref()));
            self.pause = resolved.and_then(|resolved| pause_of(&resolved));
        }
        let command = match &self.pause {
            Some(pause) => command.pausing_with(pause),
            None => command,
        };
        let command = match &self.options.journal {
            Some(journal) => command.journaled_in(journal),
            None => command,
        };
        match global::runtime() {
            Ok(runtime) => {
                let running = global::at_current_depth(command.outcome());
                let running = running.instrument(Span::current());
                let task = self.tasks.spawn_on(running, &runtime);
                self.task_rows.insert(task.id(), index);
                self.runtime = Some(runtime);
            }
            Err(error) => self.take_result(index, Err(error)),
        }
    }

    /// Marks a row whose item may be given out.
    fn finish(&mut self, index: usize) {
        if let Some(row) = self.begun.get_mut(&index) {
            row.is_finished = true;
        }
        if !self.options.is_ordered {
            self.finished.push_back(index);
        }
    }

    /// Takes the next item that may be given out.
    fn take_finished(&mut self) -> Option<Item<R, T>> {
        let index = match self.options.is_ordered {
            true => {
                let (index, first) = self.begun.first_key_value()?;
                first.is_finished.then_some(*index)?
            }
            false => self.finished.pop_front()?,
        };
        let BegunRow { row, result, .. } = *self.begun.remove(&index)?;
        let input = match row {
            Ok(input) => input,
            Err(error) => return Some(Err(error)),
        };
        let result = result?;
        let is_from_journal = |outcome: &Outcome<T>| outcome.is_from_journal;
        Some(Ok(BatchItem {
            index,
            input,
            from_journal: result.as_ref().is_ok_and(is_from_journal),
            result,
        }))
    }
}

#[cfg(feature = "blocking")]
impl<R, T: Output> Run<'_, R, T> {
    /// Ends the batch before its end. Returns `false` if it has ended already.
    pub(super) fn abandon(&mut self) -> bool {
        let was_running = !self.is_done;
        self.tasks.abort_all();
        self.end();
        was_running
    }
}

impl<R, T> Run<'_, R, T> {
    pub(super) fn totals(&self) -> BatchTotals {
        let mut totals = self.totals.clone();
        let opened = self
            .options
            .journal
            .as_ref()
            .and_then(|journal| journal.opened());
        if let Some(opened) = opened {
            totals.damaged_lines = opened.damaged;
        }
        if let Some(started) = self.started.filter(|_| !self.is_done) {
            totals.elapsed = started.elapsed();
        }
        totals
    }

    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    fn end(&mut self) {
        self.totals = self.totals();
        self.is_done = true;
        // Another batch may open the file while this one still exists.
        self.options.journal = None;
        #[cfg(feature = "progress")]
        self.end_progress();
    }

    #[cfg(feature = "progress")]
    fn show_progress(&mut self) {
        if self.progress.is_none() {
            return;
        }
        let totals = self.totals();
        if let Some(progress) = &mut self.progress {
            progress.show(&totals);
        }
    }

    #[cfg(feature = "progress")]
    fn end_progress(&mut self) {
        if let Some(progress) = &mut self.progress {
            progress.end(&self.totals);
        }
    }
}

/// Creates the pause of a server; `None` for a model file or a stand-in, which is not busy.
fn pause_of(resolved: &Resolved) -> Option<Arc<ServerPause>> {
    let backend = &resolved.settings.backend.value;
    let backend = ActiveBackend::select(backend, &resolved.endpoint).ok()?;
    let address = resolved.endpoint.address()?;
    let pause = || Arc::new(ServerPause::new(address));
    backend.has_server().then(pause)
}
