//! A batch without an async runtime.

use super::{Batch, BatchItem, BatchTotals};
use crate::error::Error;
use crate::global;
use crate::output::Output;

/// The items of a [`Batch`] as an iterator. Returned by [`Batch::blocking`].
#[derive(Debug)]
#[must_use = "a batch does nothing until it is iterated"]
pub struct BlockingBatch<'a, R, T>(Batch<'a, R, T>);

impl<'a, R, T> Batch<'a, R, T> {
    /// Returns the items as an iterator that blocks the current thread, for programs without an async runtime. It needs
    /// the feature `blocking`.
    ///
    /// Inside an async runtime, the first item is a configuration error and nothing is sent.
    ///
    /// ```no_run
    /// # use alloy_runtime::{batch, command};
    /// # #[command("Translate to French: {text}", model = "ollama:llama3.1")]
    /// # async fn translate(text: &str) -> String;
    /// # fn main() -> alloy_runtime::Result<()> {
    /// for item in batch(["Hello", "Bye"], |text: &&str| translate(text)).blocking() {
    ///     let item = item?;
    ///     println!("{}: {}", item.input, item.result?.value);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn blocking(self) -> BlockingBatch<'a, R, T> {
        BlockingBatch(self)
    }
}

impl<R, T> BlockingBatch<'_, R, T> {
    /// Returns the counts of the rows that have finished, like [`Batch::totals`].
    #[must_use]
    pub fn totals(&self) -> BatchTotals {
        self.0.totals()
    }
}

impl<R: Send, T: Output> Iterator for BlockingBatch<'_, R, T> {
    type Item = Result<BatchItem<R, T>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match global::block_on(self.0.next()) {
            Ok(item) => item,
            Err(error) => self.0.run.abandon().then_some(Err(error)),
        }
    }
}
