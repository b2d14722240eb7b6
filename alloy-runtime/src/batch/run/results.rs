//! The results of commands: which rows are asked again, and what stops the batch.

use std::time::Duration;

use super::super::failure::Consequence;
use super::Run;
use crate::error::{BatchError, Error, ErrorKind};
use crate::outcome::Outcome;
use crate::output::Output;

/// Number of consecutive rows that cannot be read before the batch stops: an input may fail without an end.
const MAX_UNREADABLE: u32 = 100;

impl<R: Send, T: Output> Run<'_, R, T> {
    /// Takes in the result of a try.
    pub(super) fn take_result(&mut self, index: usize, result: Result<Outcome<T>, Error>) {
        let Some(begun) = self.begun.get_mut(&index) else {
            return;
        };
        let tries_are_left = begun.tries < self.options.tries && self.stop_help.is_none();
        match begun.result.insert(result) {
            Ok(outcome) => {
                if outcome.is_from_journal {
                    self.totals.from_journal += 1;
                } else if !outcome.cached {
                    self.totals.usage += outcome.usage;
                }
                self.totals.done += 1;
                self.backoff.reset();
                self.failures = 0;
                self.finish(index);
            }
            Err(error) => {
                self.totals.usage += error.usage().unwrap_or_default();
                let consequence = Consequence::of(error);
                let (asked_for, kind) = (error.retry_after(), error.kind());
                let (reason, help) = (format!("row {index}: {error}"), error.help());
                let may_ask_again = consequence
                    == Consequence::Pause {
                        may_ask_again: true,
                    };
                let is_asked_again = may_ask_again && tries_are_left;
                if !is_asked_again {
                    self.totals.count_failure(kind);
                }
                if is_asked_again {
                    tracing::warn!(row = index, error.r#type = %kind, "asking again after a pause");
                    self.put_back.push_back(index);
                } else {
                    self.finish(index);
                }
                match consequence {
                    Consequence::StopBatch => self.stop(reason, help),
                    // Commands that fail together count once.
                    Consequence::Pause { .. } => {
                        let is_first = self.extend_pause(asked_for);
                        if is_first && !is_asked_again {
                            self.count_failure(&reason, help);
                        }
                    }
                    Consequence::Count => self.count_failure(&reason, help),
                    Consequence::KeepGoing => self.failures = 0,
                }
            }
        }
        self.check_tokens();
        #[cfg(feature = "progress")]
        self.show_progress();
    }

    /// Takes in a row that could not be read.
    pub(super) fn take_unreadable(&mut self, index: usize, kind: ErrorKind) {
        self.totals.count_failure(kind);
        self.finish(index);
        self.unreadable += 1;
        if self.unreadable >= MAX_UNREADABLE {
            let reason = format!("{MAX_UNREADABLE} consecutive rows could not be read");
            self.stop(reason, "Look at the sources of their errors.".to_owned());
        }
    }

    /// Counts a row that failed, and stops the batch if there were too many one after the other.
    fn count_failure(&mut self, reason: &str, help: String) {
        self.failures += 1;
        if self.failures >= self.options.max_failures {
            let reason = format!("{} consecutive rows failed; {reason}", self.failures);
            self.stop(reason, help);
        }
    }

    /// Pauses the batch after a transient failure. Returns `false` if a pause had begun already: commands that fail
    /// together lengthen it once.
    fn extend_pause(&mut self, asked_for: Option<Duration>) -> bool {
        // Without a server there is nothing to wait for.
        let Some(pause) = &self.pause else {
            return true;
        };
        let is_first = pause.remaining().is_none();
        let own = is_first.then(|| self.backoff.next());
        if let Some(length) = asked_for.max(own) {
            pause.extend(length);
        }
        is_first
    }

    fn check_tokens(&mut self) {
        let used = self.totals.usage.total_tokens().unwrap_or_default();
        let limit = self.options.max_tokens.filter(|limit| used >= *limit);
        // At the end of the input there is nothing to stop.
        let has_more = self.rows_left() != Some(0) || !self.put_back.is_empty();
        if let Some(limit) = limit.filter(|_| has_more) {
            let reason = format!("it took {used} tokens, and `.stop_after_tokens({limit})` is set");
            self.stop(
                reason,
                "Set a larger number of tokens, or run the rows that are left later.".to_owned(),
            );
        }
    }

    /// Begins no more rows. The rows to ask again end in their last errors.
    fn stop(&mut self, reason: String, help: String) {
        if self.stop_help.is_some() {
            return;
        }
        self.totals.stopped = Some(reason);
        self.stop_help = Some(help);
        if let Some(pause) = &self.pause {
            pause.lift();
        }
        for index in std::mem::take(&mut self.put_back) {
            let result = self.begun.get(&index).and_then(|row| row.result.as_ref());
            if let Some(Err(error)) = result {
                self.totals.count_failure(error.kind());
            }
            self.cut_short = true;
            self.finish(index);
        }
    }

    /// Returns the error that ends a batch that stopped, unless all rows came to their end.
    pub(super) fn stop_error(&mut self) -> Option<Error> {
        let help = self.stop_help.take()?;
        let not_begun = self.rows_left();
        if not_begun == Some(0) && !self.cut_short {
            self.totals.stopped = None;
            return None;
        }
        let reason = self.totals.stopped.clone()?;
        Some(Error::new(BatchError::Stopped {
            reason,
            help,
            not_begun,
        }))
    }

    /// Returns the number of rows that were not begun; `None` if the input does not know its length.
    pub(in super::super) fn rows_left(&self) -> Option<usize> {
        let rows = self.rows.as_ref();
        match rows.map_or((0, Some(0)), |rows| rows.size_hint()) {
            (least, Some(most)) if least == most => Some(self.in_partition(least)),
            _ => None,
        }
    }

    /// Returns how many of the next `count` rows belong to this part of the input.
    fn in_partition(&self, count: usize) -> usize {
        let (part, parts) = self.options.partition;
        let before = |end: usize| end.saturating_sub(part).div_ceil(parts);
        before(self.next_index.saturating_add(count)) - before(self.next_index)
    }
}
