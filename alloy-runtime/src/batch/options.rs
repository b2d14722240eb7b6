//! Settings of a batch.

use std::path::PathBuf;
use std::sync::Arc;

use super::Batch;
use crate::endpoint::{Endpoint, Resolved};
use crate::error::Error;
use crate::store::{Change, Journal};

/// The number of commands at a time for servers that answer a few requests at once: Ollama and the engine.
const CONCURRENCY_OF_OLLAMA: usize = 2;
/// The number of commands at a time for other servers, which batch the requests that they answer.
const CONCURRENCY_OF_SERVERS: usize = 16;
/// Default for the number of rows that are begun and not given out, for each concurrent command.
const WINDOW_FACTOR: usize = 4;

/// The settings of a batch.
#[derive(Debug)]
pub(super) struct BatchOptions {
    concurrency: Option<usize>,
    window: Option<usize>,
    pub(super) is_ordered: bool,
    pub(super) tries: u32,
    pub(super) max_failures: u32,
    pub(super) max_tokens: Option<u64>,
    /// The part of the rows that is asked, and the number of parts.
    pub(super) partition: (usize, usize),
    pub(super) journal: Option<Arc<Journal>>,
    on_change: Option<Change>,
    is_deduplicated: bool,
    /// The first setting that is not valid. The first item returns it.
    pub(super) invalid: Option<Error>,
}

/// The limits of a batch, which depend on its server.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchLimits {
    pub(super) concurrency: usize,
    pub(super) window: usize,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            concurrency: None,
            window: None,
            is_ordered: true,
            tries: 5,
            max_failures: 5,
            max_tokens: None,
            partition: (0, 1),
            journal: None,
            on_change: None,
            is_deduplicated: false,
            invalid: None,
        }
    }
}

impl BatchOptions {
    /// Returns the limits for a server. Without one, the first command fails.
    pub(super) fn limits(&self, resolved: Option<&Resolved>) -> BatchLimits {
        let default = match resolved.map(|resolved| &resolved.endpoint) {
            Some(Endpoint::ChatCompletions { .. }) => CONCURRENCY_OF_SERVERS,
            _ => CONCURRENCY_OF_OLLAMA,
        };
        let concurrency = self.concurrency.unwrap_or(default);
        let window = concurrency.saturating_mul(WINDOW_FACTOR);
        BatchLimits {
            concurrency,
            window: self.window.unwrap_or(window).max(concurrency),
        }
    }

    /// Completes the settings, once all are known.
    pub(super) fn finish(&mut self) {
        let has_journal = self.journal.is_some();
        self.check(
            has_journal || self.on_change.is_none() && !self.is_deduplicated,
            || "`.on_change(…)` or `.dedup()` was called on a batch without a journal".to_owned(),
            "Call `.journal(path)` as well: both are about its file.",
        );
        if let Some(journal) = self.journal.take() {
            let journal = Journal::new(journal.path().to_owned());
            let journal = match self.on_change {
                Some(change) => journal.with_change(change),
                None => journal,
            };
            self.journal = Some(Arc::new(match self.is_deduplicated {
                true => journal.deduplicated(),
                false => journal,
            }));
        }
    }

    fn check(&mut self, is_valid: bool, message: impl FnOnce() -> String, help: &str) {
        if !is_valid && self.invalid.is_none() {
            self.invalid = Some(Error::configuration(message(), help));
        }
    }

    fn check_positive(&mut self, setter: &str, is_positive: bool) {
        self.check(
            is_positive,
            || format!("`.{setter}(0)` was called on a batch; expected at least 1"),
            "Pass a positive number, or leave the setter out for the default.",
        );
    }
}

/// Settings. They have no effect after the batch was polled. A value that is not valid is the error of the first item.
impl<R, T> Batch<'_, R, T> {
    /// Sets the number of commands that run at a time. By default 2 for Ollama and for a model file, and 16 for an
    /// `openai:` server: Ollama answers as many requests at once as `OLLAMA_NUM_PARALLEL` says, usually one.
    ///
    /// ```
    /// # use alloy_runtime::{batch, command};
    /// # #[command("Translate to French: {text}", model = "ollama:llama3.1")]
    /// # async fn translate(text: &str) -> String;
    /// let results = batch(["Hello", "Bye"], |text: &&str| translate(text))
    ///     .concurrency(4)
    ///     .unordered();
    /// # drop(results);
    /// ```
    pub fn concurrency(mut self, commands: usize) -> Self {
        let options = &mut self.run.options;
        options.check_positive("concurrency", commands > 0);
        options.concurrency = Some(commands);
        self
    }

    /// Sets the number of rows that may be begun before their items are returned, at least as many as
    /// [`concurrency`](Self::concurrency). By default four times as many: up to so many finished items wait behind a slow
    /// row.
    pub fn window(mut self, rows: usize) -> Self {
        let options = &mut self.run.options;
        options.check_positive("window", rows > 0);
        options.window = Some(rows);
        self
    }

    /// Gives out the items as they finish, and not in the order of the rows.
    pub fn unordered(mut self) -> Self {
        self.run.options.is_ordered = false;
        self
    }

    /// Sets how often a row is asked if its errors are [transient](crate::Error::is_transient), 5 by default.
    pub fn tries(mut self, tries: u32) -> Self {
        let options = &mut self.run.options;
        options.check_positive("tries", tries > 0);
        options.tries = tries;
        self
    }

    /// Stops the batch after this number of consecutive rows, 5 by default, that failed because of the model or its server:
    /// transient errors after the last of the [`tries`](Self::tries), a model that does not load, too little memory, an
    /// error of the server or of the protocol. Rows that fail within one pause count once.
    pub fn stop_after_failures(mut self, rows: u32) -> Self {
        let options = &mut self.run.options;
        options.check_positive("stop_after_failures", rows > 0);
        options.max_failures = rows;
        self
    }

    /// Stops the batch once its answers, rejected ones included, have taken this number of tokens. Commands that run at
    /// that time are finished, so that the sum is somewhat larger. A server that counts no tokens never reaches it.
    pub fn stop_after_tokens(mut self, tokens: u64) -> Self {
        let options = &mut self.run.options;
        options.check_positive("stop_after_tokens", tokens > 0);
        options.max_tokens = Some(tokens);
        self
    }

    /// Asks only the rows whose index divided by `parts` leaves the remainder `part`, to share an input among several
    /// machines. The other rows are read and dropped; an item's index is that of the whole input.
    ///
    /// ```
    /// # use alloy_runtime::{batch, command};
    /// # #[command("Translate to French: {text}", model = "ollama:llama3.1")]
    /// # async fn translate(text: &str) -> String;
    /// // The first of three machines.
    /// let results = batch(["a", "b", "c", "d"], |text: &&str| translate(text)).partition(0, 3);
    /// # drop(results);
    /// ```
    pub fn partition(mut self, part: usize, parts: usize) -> Self {
        let options = &mut self.run.options;
        options.check(
            part < parts,
            || format!("`.partition({part}, {parts})` was called on a batch; expected a part from 0 to {}", parts.saturating_sub(1)),
            "The first argument is the number of this part, from 0; the second is the number of parts.",
        );
        if part < parts {
            options.partition = (part, parts);
        }
        self
    }

    /// Keeps each answer in a file before its item is given out. A second run with the same file asks only the rows that
    /// have no answer yet, in whatever order they come: those that failed, those that were not begun, and new ones. An item
    /// says by [`from_journal`](super::BatchItem::from_journal) where its outcome came from.
    ///
    /// An answer belongs to a request and a model. If the prompt, the schema, an option, the model, its files or its server
    /// changed since the file was written, the first item is an error that says so; see [`on_change`](Self::on_change).
    /// Equal rows are each asked; see [`dedup`](Self::dedup).
    ///
    /// A process that is killed loses the commands that ran at that time; a loss of power may take the last second. One batch
    /// at a time can use a file. Answers are read back without running tools: a command that was cut off while its tools ran
    /// is asked from the beginning and its tools run again, so a tool of such a command must bear that. Answers of another
    /// model than the first ([`fallback`](crate::Command::fallback)) are not kept, and neither are those of stand-ins.
    ///
    /// ```no_run
    /// # use alloy_runtime::{batch, command};
    /// # #[command("Translate to French: {text}", model = "ollama:llama3.1")]
    /// # async fn translate(text: &str) -> String;
    /// # async fn run() {
    /// let mut results = batch(["Hello", "Bye"], |text: &&str| translate(text)).journal("translations.journal");
    /// while let Some(item) = results.next().await {
    ///     println!("{item:?}");
    /// }
    /// # }
    /// ```
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.run.options.journal = Some(Arc::new(Journal::new(path.into())));
        self
    }

    /// Sets what happens if the journal was written for another request or model. By default the batch stops with an error
    /// that names what is different.
    pub fn on_change(mut self, change: Change) -> Self {
        self.run.options.on_change = Some(change);
        self
    }

    /// Asks equal rows once: the others get the answer from the journal. The command can have no tools then.
    pub fn dedup(mut self) -> Self {
        self.run.options.is_deduplicated = true;
        self
    }
}
