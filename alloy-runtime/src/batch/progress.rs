//! Shows the progress of a batch on standard error.

use std::io::IsTerminal as _;
use std::io::Write as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Batch;
use super::totals::BatchTotals;
use crate::output::Output;

/// The time between two lines where standard error is not a terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// The time between two drawings of a bar, which shows the time that has passed.
const TICK: Duration = Duration::from_millis(500);

/// The progress of a batch: a bar on a terminal, and lines elsewhere.
#[derive(Debug)]
pub(super) enum ProgressDisplay {
    Bar(ProgressBar),
    Lines {
        total: Option<usize>,
        /// The time of the batch at the last line.
        last: Duration,
    },
}

impl ProgressDisplay {
    /// Creates the progress of `total` rows; `None` if their number is not known.
    pub(super) fn new(total: Option<usize>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines {
                total,
                last: Duration::ZERO,
            };
        }
        let bar = match total {
            Some(total) => ProgressBar::new(total as u64)
                .with_style(style("{bar:30} {pos}/{len} {msg} ({elapsed}, {eta} left)")),
            None => ProgressBar::no_length().with_style(style("{spinner} {pos} {msg} ({elapsed})")),
        };
        bar.enable_steady_tick(TICK);
        Self::Bar(bar)
    }

    pub(super) fn show(&mut self, totals: &BatchTotals) {
        match self {
            Self::Bar(bar) => {
                bar.set_position(finished(totals) as u64);
                let failures = totals.failures();
                if failures > 0 {
                    bar.set_message(format!("{failures} failed"));
                }
            }
            Self::Lines { total, last } => {
                if totals.elapsed.saturating_sub(*last) >= LINE_INTERVAL {
                    *last = totals.elapsed;
                    print_line(&line(totals, *total));
                }
            }
        }
    }

    /// Leaves the counts of the whole batch.
    pub(super) fn end(&mut self, totals: &BatchTotals) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
        print_line(&totals.to_string());
    }
}

/// Writes a line to standard error. That it is closed is no reason to end a batch.
fn print_line(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

fn finished(totals: &BatchTotals) -> usize {
    totals.done + totals.failures()
}

fn line(totals: &BatchTotals, total: Option<usize>) -> String {
    let of = total.map_or_else(String::new, |total| format!(" of {total}"));
    format!("{}{of} rows: {totals}", finished(totals))
}

/// Returns a style of these parts; or the default style if the template is not valid.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl<R: Send, T: Output> Batch<'_, R, T> {
    /// Shows the progress on standard error: a bar on a terminal, and elsewhere a line every ten seconds and one at the
    /// end. It needs the feature `progress`.
    ///
    /// ```no_run
    /// # use alloy_runtime::{batch, command};
    /// # #[command("Translate to French: {text}", model = "ollama:llama3.1")]
    /// # async fn translate(text: &str) -> String;
    /// let results = batch(["Hello", "Bye"], |text: &&str| translate(text)).progress();
    /// # drop(results);
    /// ```
    pub fn progress(mut self) -> Self {
        self.run.shows_progress = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_number_of_rows_if_it_is_known() {
        let totals = BatchTotals {
            done: 3,
            elapsed: Duration::from_secs(1),
            ..BatchTotals::default()
        };
        let rest = "3 done in 1.0 s, 3.0 rows a second; unknown tokens";
        assert_eq!(line(&totals, Some(9)), format!("3 of 9 rows: {rest}"));
        assert_eq!(line(&totals, None), format!("3 rows: {rest}"));
    }

    #[test]
    fn the_styles_of_the_bars_are_valid() {
        for template in [
            "{bar:30} {pos}/{len} {msg} ({elapsed}, {eta} left)",
            "{spinner} {pos} {msg} ({elapsed})",
        ] {
            ProgressStyle::with_template(template).unwrap();
        }
    }
}
