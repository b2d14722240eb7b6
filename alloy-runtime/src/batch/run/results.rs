//! The results of commands: which rows are asked again, and what stops the batch.

use std::time::Duration;

use super::super::failure::Consequence;
use super::Run;
use crate::error::{BatchError, Error};
use crate::outcome::Outcome;
use crate::output::Output;

impl<R: Send, T: Output> Run<'_, R, T> {
    /// Takes in the result of a try.
    pub(super) fn take_result(&mut self, index: usize, result: Result<Outcome<T>, Error>) {
        let Some(begun) = self.begun.get_mut(&index) else {
            return;
        };
        let usage = match &result {
            Ok(outcome) => Some(outcome.usage),
            Err(error) => error.usage(),
        };
        self.totals.usage += usage.unwrap_or_default();
        let consequence = match &result {
            Ok(_) => {
                self.totals.done += 1;
                self.backoff.reset();
                Consequence::KeepGoing
            }
            Err(error) => Consequence::of(error),
        };
        let may_ask_again = begun.tries < self.options.tries && self.stop_help.is_none();
        let error = begun.result.insert(result).as_ref().err();
        if let (Consequence::AskAgain, true, Some(error)) = (consequence, may_ask_again, error) {
            let asked_for = error.retry_after();
            tracing::debug!(row = index, error.r#type = %error.kind(), "asking again later");
            self.put_back.push_back(index);
            self.extend_pause(asked_for);
            return;
        }
        self.finished.push_back(index);
        if let Some(error) = error {
            self.totals.count_failure(error);
            let (reason, help) = (stop_reason(index, error), error.help());
            match consequence {
                Consequence::StopBatch => self.stop(reason, help),
                Consequence::AskAgain => {
                    self.failures += 1;
                    if self.failures >= self.options.max_failures {
                        let reason = format!("{} rows in a row failed; {reason}", self.failures);
                        self.stop(reason, help);
                    }
                }
                Consequence::KeepGoing => self.failures = 0,
            }
        } else {
            self.failures = 0;
        }
        self.check_tokens();
        #[cfg(feature = "progress")]
        self.show_progress();
    }

    /// Pauses the batch after a transient failure.
    fn extend_pause(&mut self, asked_for: Option<Duration>) {
        if !self.limits.is_some_and(|limits| limits.has_server) {
            return;
        }
        // Commands that fail together lengthen the pause once.
        let own = self
            .pause
            .remaining()
            .is_none()
            .then(|| self.backoff.next());
        if let Some(pause) = asked_for.max(own) {
            self.pause.extend(pause);
        }
    }

    fn check_tokens(&mut self) {
        let used = self.totals.usage.total_tokens().unwrap_or_default();
        let limit = self.options.max_tokens.filter(|limit| used >= *limit);
        // At the end of the input there is nothing to stop.
        if let Some(limit) = limit.filter(|_| self.rows.is_some() || !self.put_back.is_empty()) {
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
        for index in self.put_back.drain(..) {
            let result = self.begun.get(&index).and_then(|row| row.result.as_ref());
            if let Some(Err(error)) = result {
                self.totals.count_failure(error);
            }
            self.finished.push_back(index);
        }
    }

    /// Returns the error that ends a batch that stopped, unless all rows were begun.
    pub(super) fn stop_error(&mut self) -> Option<Error> {
        let help = self.stop_help.take()?;
        let reason = self.totals.stopped.clone()?;
        Some(Error::new(BatchError::Stopped {
            reason,
            help,
            not_begun: self.rows_left(),
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
        let before = |end: usize| (end + parts - 1 - part) / parts;
        before(self.next_index.saturating_add(count)) - before(self.next_index)
    }
}

fn stop_reason(index: usize, error: &Error) -> String {
    format!("row {index}: {error}")
}
