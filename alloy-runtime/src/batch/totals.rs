//! The counts of a batch.

use std::fmt;
use std::time::Duration;

use super::Batch;
use crate::error::ErrorKind;
use crate::reply::Usage;

/// The counts of a [`Batch`] so far, or of the whole batch. Returned by [`Batch::totals`].
///
/// Its `Display` form is one line: `498 done, 2 failed (1 truncated, 1 invalid_output) in 63.0 s, 7.9 rows a second; 12345
/// tokens (9876 prompt, 2469 completion)`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct BatchTotals {
    /// The number of rows that were answered.
    pub done: usize,
    /// The number of them whose answer came from the journal.
    pub from_journal: usize,
    /// The number of lines of the journal that are damaged. Their rows are asked again.
    pub damaged_lines: usize,
    /// The number of rows that failed, by kind of error, in the order in which the kinds first occurred. Rows that could
    /// not be read are included.
    pub failed: Vec<(ErrorKind, usize)>,
    /// The tokens of all answers: rejected ones, and those of failed tries, are included.
    pub usage: Usage,
    /// The time since the batch was first polled, until its last item.
    pub elapsed: Duration,
    /// The reason why the batch stopped before its end.
    pub stopped: Option<String>,
}

impl BatchTotals {
    /// Returns the number of rows that failed.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.failed.iter().map(|(_, count)| count).sum()
    }

    /// Returns the number of rows that finished in a second, 0 if no time has passed.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        reason = "no batch has more rows than a float has integers"
    )]
    pub fn rows_per_second(&self) -> f64 {
        if self.elapsed.is_zero() {
            return 0.0;
        }
        (self.done + self.failures()) as f64 / self.elapsed.as_secs_f64()
    }

    pub(super) fn count_failure(&mut self, kind: ErrorKind) {
        match self.failed.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => self.failed.push((kind, 1)),
        }
    }
}

impl fmt::Display for BatchTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} done", self.done)?;
        if self.from_journal > 0 {
            write!(f, " ({} from the journal)", self.from_journal)?;
        }
        if !self.failed.is_empty() {
            write!(f, ", {} failed (", self.failures())?;
            for (position, (kind, count)) in self.failed.iter().enumerate() {
                let separator = if position == 0 { "" } else { ", " };
                write!(f, "{separator}{count} {kind}")?;
            }
            f.write_str(")")?;
        }
        let seconds = self.elapsed.as_secs_f64();
        let rate = self.rows_per_second();
        write!(f, " in {seconds:.1} s, {rate:.1} rows a second; ")?;
        match self.done == self.from_journal && self.failed.is_empty() {
            true => f.write_str("no tokens")?,
            false => write!(f, "{}", self.usage)?,
        }
        match self.damaged_lines {
            0 => {}
            1 => f.write_str("; 1 line of the journal is damaged")?,
            lines => write!(f, "; {lines} lines of the journal are damaged")?,
        }
        match &self.stopped {
            Some(reason) => write!(f, "; stopped: {reason}"),
            None => Ok(()),
        }
    }
}

impl<R, T> Batch<'_, R, T> {
    /// Returns the counts of the rows that have finished, given out or not.
    #[must_use]
    pub fn totals(&self) -> BatchTotals {
        self.run.totals()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_one_line() {
        let mut totals = BatchTotals {
            done: 7,
            elapsed: Duration::from_secs(2),
            usage: Usage::new(Some(20), Some(4)),
            ..BatchTotals::default()
        };
        let expected = "7 done in 2.0 s, 3.5 rows a second; 24 tokens (20 prompt, 4 completion)";
        assert_eq!(totals.to_string(), expected);
        totals.failed = vec![(ErrorKind::Truncated, 2), (ErrorKind::Empty, 1)];
        totals.stopped = Some("no key".to_owned());
        assert_eq!(
            totals.to_string(),
            "7 done, 3 failed (2 truncated, 1 empty) in 2.0 s, 5.0 rows a second; 24 tokens (20 prompt, 4 completion); stopped: no key"
        );
    }
}
