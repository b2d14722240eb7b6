//! Many commands: runs one for each row of an input.

#[cfg(feature = "blocking")]
mod blocking;
mod failure;
mod options;
#[cfg(feature = "progress")]
mod progress;
mod run;
mod totals;

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::FusedStream;
use futures_util::stream::{self, StreamExt as _};

#[cfg(feature = "blocking")]
pub use self::blocking::BlockingBatch;
use self::run::Run;
pub use self::totals::BatchTotals;
use crate::command::Command;
use crate::error::{BoxError, Error};
use crate::outcome::Outcome;
use crate::output::Output;

/// Runs a command for each row of `rows`, several at a time.
///
/// `rows` is any iterator; it is read as its rows are needed. `command` makes the command of a row, when its turn
/// has come. The items come in the order of the rows, each with its row:
///
/// ```no_run
/// use alloy_runtime::{batch, command};
///
/// /// Extract the name of the city.
/// #[command(model = "ollama:llama3.1")]
/// async fn city(address: &str) -> String;
///
/// # async fn run() -> Result<(), alloy_runtime::Error> {
/// let addresses = ["1 Rue de Rivoli, Paris", "10 Downing Street, London"];
/// let mut results = batch(addresses, |address: &&str| city(address));
/// while let Some(item) = results.next().await {
///     let item = item?;
///     match item.result {
///         Ok(outcome) => println!("{}: {}", item.input, outcome.value),
///         Err(error) => eprintln!("row {}: {error}", item.index),
///     }
/// }
/// println!("{}", results.totals());
/// # Ok(())
/// # }
/// ```
///
/// See [`Batch`] for what runs when, and for the failures that stop it.
pub fn batch<'a, I, F, T, M>(rows: I, command: F) -> Batch<'a, I::Item, T>
where
    I: IntoIterator,
    I::IntoIter: Send + 'a,
    I::Item: Send + 'a,
    F: FnMut(&I::Item) -> Command<T, M> + Send + 'a,
    T: Output,
{
    Batch::new(stream::iter(rows).map(Ok), command)
}

/// Runs a command for each row of `rows` like [`batch`], where reading a row may fail.
///
/// An error takes the place of its row: the item is an error of kind
/// [`UnreadableRow`](crate::ErrorKind::UnreadableRow), which names the row, and the batch goes on.
///
/// ```no_run
/// # use alloy_runtime::{command, try_batch};
/// # #[command("Classify the ticket: {text}", model = "ollama:llama3.1")]
/// # async fn classify(text: &str) -> String;
/// # async fn run(file: std::fs::File) {
/// use std::io::{BufRead as _, BufReader};
///
/// let lines = BufReader::new(file).lines();
/// let mut results = try_batch(lines, |line: &String| classify(line));
/// while let Some(item) = results.next().await {
///     match item {
///         Ok(item) => println!("{:?}", item.result),
///         Err(error) => eprintln!("{error}"),
///     }
/// }
/// # }
/// ```
pub fn try_batch<'a, I, R, E, F, T, M>(rows: I, command: F) -> Batch<'a, R, T>
where
    I: IntoIterator<Item = Result<R, E>>,
    I::IntoIter: Send + 'a,
    R: Send + 'a,
    E: Into<BoxError>,
    F: FnMut(&R) -> Command<T, M> + Send + 'a,
    T: Output,
{
    Batch::new(
        stream::iter(rows).map(|row| row.map_err(Into::into)),
        command,
    )
}

/// Runs a command for each row of a stream like [`batch`].
///
/// ```no_run
/// # use alloy_runtime::{batch_stream, command};
/// # #[command("Classify the ticket: {text}", model = "ollama:llama3.1")]
/// # async fn classify(text: &str) -> String;
/// # async fn run(tickets: impl futures_core::Stream<Item = String> + Send) {
/// let mut results = batch_stream(tickets, |text: &String| classify(text));
/// while let Some(item) = results.next().await {
///     println!("{item:?}");
/// }
/// # }
/// ```
pub fn batch_stream<'a, S, F, T, M>(rows: S, command: F) -> Batch<'a, S::Item, T>
where
    S: Stream + Send + 'a,
    S::Item: Send + 'a,
    F: FnMut(&S::Item) -> Command<T, M> + Send + 'a,
    T: Output,
{
    Batch::new(rows.map(Ok), command)
}

/// Commands for the rows of an input. Returned by [`batch`].
///
/// It is a `Stream` (of the `futures` crates); [`next`](Self::next) reads it without that trait in scope.
///
/// # Running
///
/// Nothing happens before it is first polled. The commands run in tasks, so that they go on while the caller works on an
/// item; dropping the batch ends them. They belong to the scope ([`with_config`](crate::with_config)), the sum of tokens
/// ([`with_usage`](crate::with_usage)) and the `tracing` span in which the batch is polled.
///
/// At most [`concurrency`](Self::concurrency) commands run at a time; further ones are started when the batch is polled.
/// At most [`window`](Self::window) rows are begun before their items are returned, so that memory does not grow with the
/// input, however slow one row or the caller is. The settings of the first command decide on the defaults. Poll a batch in
/// one runtime.
///
/// # Failures
///
/// A command that failed is an item whose `result` is its error, and so is one that panicked. Three kinds of failures
/// affect the whole batch:
///
/// - An error that other rows are likely to have as well stops it at once, even if one row alone caused it: a missing or
///   invalid setting, a missing model, another program at the server's address, a key that is refused, or a capability that
///   the model lacks.
/// - After a [transient](crate::Error::is_transient) error the batch starts no command for a second. Each further failure
///   doubles the pause, up to a minute, and a success resets it. A server that asked for a longer one gets it, up to a
///   minute. Then the row is asked again, up to [`tries`](Self::tries) times; a row whose tools have run is not.
/// - [`stop_after_failures`](Self::stop_after_failures) consecutive rows that failed because of the model or its server stop
///   it, and so do a hundred consecutive rows that cannot be read.
///
/// An invalid answer never stops it. A batch that stops begins no more rows and returns the items of those that are begun;
/// its last item is an error of kind [`BatchStopped`](crate::ErrorKind::BatchStopped), which says why and how many rows
/// were not begun. Where all rows had come to their end, there is no such item.
///
/// # Panics
///
/// A panic of the iterator or of the stream of rows is not caught. Polling a batch in a tokio runtime without I/O or time
/// panics in tokio; see [`Command`].
#[must_use = "a batch does nothing until it is polled"]
pub struct Batch<'a, R, T> {
    run: Run<'a, R, T>,
}

/// The result of one row of a [`Batch`].
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchItem<R, T> {
    /// The position of the row in the whole input, from 0.
    pub index: usize,
    /// The row.
    pub input: R,
    /// The outcome of its command, or the error of the last try.
    pub result: Result<Outcome<T>, Error>,
    /// `true` if the answer came from the [`journal`](Batch::journal): the model was not asked.
    pub from_journal: bool,
}

impl<'a, R: Send + 'a, T: Output> Batch<'a, R, T> {
    fn new<S, F, M>(rows: S, mut command: F) -> Self
    where
        S: Stream<Item = Result<R, BoxError>> + Send + 'a,
        F: FnMut(&R) -> Command<T, M> + Send + 'a,
    {
        Self {
            run: Run::new(
                Box::pin(rows),
                Box::new(move |row| command(row).into_plain()),
            ),
        }
    }
}

impl<R: Send, T: Output> Batch<'_, R, T> {
    /// Returns the next item; `None` after the last one. It works like `StreamExt::next` of the `futures` crates.
    ///
    /// It is cancel safe: no item is lost if the future is dropped before it completes, as in `select!`.
    ///
    /// # Errors
    ///
    /// A row could not be read ([`try_batch`]; the batch goes on), or the batch stopped (the last item).
    #[allow(
        clippy::should_implement_trait,
        reason = "the usual name for streams; this is not an iterator"
    )]
    pub async fn next(&mut self) -> Option<Result<BatchItem<R, T>, Error>> {
        poll_fn(|context| self.run.poll_item(context)).await
    }
}

impl<R: Send, T: Output> Stream for Batch<'_, R, T> {
    type Item = Result<BatchItem<R, T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.run.poll_item(context)
    }
}

impl<R: Send, T: Output> FusedStream for Batch<'_, R, T> {
    fn is_terminated(&self) -> bool {
        self.run.is_done()
    }
}

impl<R, T> Unpin for Batch<'_, R, T> {}

impl<R, T> fmt::Debug for Batch<'_, R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("options", &self.run.options)
            .field("totals", &self.run.totals())
            .finish_non_exhaustive()
    }
}
