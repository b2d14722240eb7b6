//! The journal of a batch: a file with a line for each answer, so that a second run asks only for what is missing.

mod file;
mod header;
mod index;
mod writer;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OnceCell, OwnedMutexGuard};

use self::file::JournalFile;
pub(crate) use self::file::JournalProblem;
pub(crate) use self::header::JournalHeader;
use self::index::JournalIndex;
use self::writer::JournalWriter;
use super::key::RequestKey;

/// The way to go on with a journal that was written with another prompt, schema, option, model or server; see
/// [`Batch::on_change`](crate::Batch::on_change).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Asks all rows anew whose request or model is another one now. The old answers stay in the file.
    Ask,
    /// Uses the answers of another model, digest or server for the same requests. Rows whose request is another one now
    /// are asked.
    Keep,
}

/// The journal of one batch. The first command opens the file.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    on_change: Option<Change>,
    /// `true` if equal rows are asked once.
    is_deduplicated: bool,
    opened: OnceCell<Arc<OpenJournal>>,
}

/// An open journal.
#[derive(Debug)]
pub(crate) struct OpenJournal {
    header: JournalHeader,
    /// The number of damaged lines.
    pub(crate) damaged: usize,
    file: JournalFile,
    index: Mutex<JournalIndex>,
    writer: JournalWriter,
    /// The requests that are being asked, of a journal in which equal ones are asked once.
    asked: Mutex<HashMap<RequestKey, Weak<AsyncMutex<()>>>>,
}

/// The place of one row in a journal. It is free for another try of the row if it is dropped before an answer was written.
#[derive(Debug)]
pub(crate) struct JournalPlace {
    journal: Arc<OpenJournal>,
    request: RequestKey,
    occurrence: u32,
    is_filled: bool,
    /// Held while an equal row must wait.
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Journal {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            on_change: None,
            is_deduplicated: false,
            opened: OnceCell::new(),
        }
    }

    pub(crate) fn with_change(self, on_change: Change) -> Self {
        Self {
            on_change: Some(on_change),
            ..self
        }
    }

    pub(crate) fn deduplicated(self) -> Self {
        Self {
            is_deduplicated: true,
            ..self
        }
    }

    pub(crate) fn is_deduplicated(&self) -> bool {
        self.is_deduplicated
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the open journal, if a command has opened it.
    pub(crate) fn opened(&self) -> Option<&Arc<OpenJournal>> {
        self.opened.get()
    }

    /// Returns the open journal. The first call opens it with `run`, which runs a function that blocks on a thread.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or belongs to another request.
    pub(crate) async fn open<F>(
        &self,
        header: JournalHeader,
        run: impl FnOnce(Opening) -> F,
    ) -> Result<&Arc<OpenJournal>, JournalProblem>
    where
        F: Future<Output = Result<OpenJournal, JournalProblem>>,
    {
        let opening = Opening {
            path: self.path.clone(),
            on_change: self.on_change,
            header,
        };
        let opened = async move { run(opening).await.map(Arc::new) };
        self.opened.get_or_try_init(|| opened).await
    }
}

/// The data that opens a journal.
#[derive(Debug)]
pub(crate) struct Opening {
    path: PathBuf,
    on_change: Option<Change>,
    header: JournalHeader,
}

impl Opening {
    /// Opens the file: locks it, cuts a torn line off its end, and reads its lines.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or belongs to another request.
    pub(crate) fn open(self) -> Result<OpenJournal, JournalProblem> {
        let Self {
            path,
            on_change,
            header,
        } = self;
        let (file, contents) = JournalFile::open(&path)?;
        let changes = contents
            .header
            .as_ref()
            .map_or_else(Vec::new, |old| old.changes(&header));
        let (header, is_new) = match (contents.header, on_change) {
            (Some(old), _) if changes.is_empty() => (old, false),
            (Some(old), Some(Change::Keep)) => (old, false),
            (None, _) | (Some(_), Some(Change::Ask)) => (header, true),
            (Some(_), None) => return Err(JournalProblem::Changed(changes)),
        };
        let writer = JournalWriter::start(&file, is_new.then(|| header.to_line()))?;
        Ok(OpenJournal {
            header,
            damaged: contents.damaged,
            file,
            index: Mutex::new(contents.index),
            writer,
            asked: Mutex::default(),
        })
    }
}

impl OpenJournal {
    /// Returns the header: that of the file, if the answers of another model are used.
    pub(crate) fn header(&self) -> &JournalHeader {
        &self.header
    }

    /// Takes the place of a row with a request.
    pub(crate) async fn place(
        self: &Arc<Self>,
        request: RequestKey,
        is_deduplicated: bool,
    ) -> JournalPlace {
        let turn = match is_deduplicated {
            true => Some(self.turn(request).lock_owned().await),
            false => None,
        };
        let occurrence = match is_deduplicated {
            true => 0,
            false => lock(&self.index).begin(request),
        };
        JournalPlace {
            journal: Arc::clone(self),
            request,
            occurrence,
            is_filled: false,
            _turn: turn,
        }
    }

    /// Returns the lock of a request that is asked once.
    fn turn(&self, request: RequestKey) -> Arc<AsyncMutex<()>> {
        let mut asked = lock(&self.asked);
        if let Some(turn) = asked.get(&request).and_then(Weak::upgrade) {
            return turn;
        }
        asked.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(AsyncMutex::new(()));
        asked.insert(request, Arc::downgrade(&turn));
        turn
    }
}

impl JournalPlace {
    /// Returns the key of the answer. Equal rows have different ones.
    pub(crate) fn key(&self) -> RequestKey {
        self.request.nth(self.occurrence)
    }

    /// Returns the line of the answer; `None` if there is none.
    pub(crate) fn line(&self) -> Option<JournalLine> {
        let offset = lock(&self.journal.index).offset(self.key())?;
        Some(JournalLine {
            journal: Arc::clone(&self.journal),
            offset,
        })
    }

    /// Keeps the place: its answer is in the journal.
    pub(crate) fn fill(&mut self) {
        self.is_filled = true;
    }

    /// Writes the line of the answer, and waits until it is in the file.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(crate) async fn write(&mut self, json: Vec<u8>) -> Result<(), JournalProblem> {
        let offset = self.journal.writer.write(json).await?;
        lock(&self.journal.index).insert(self.key(), offset);
        self.is_filled = true;
        Ok(())
    }
}

/// A line of a journal.
#[derive(Debug)]
pub(crate) struct JournalLine {
    journal: Arc<OpenJournal>,
    offset: u64,
}

impl JournalLine {
    /// Reads the line. It blocks.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub(crate) fn read(&self) -> Result<Vec<u8>, JournalProblem> {
        self.journal.file.read_line(self.offset)
    }
}

impl Drop for JournalPlace {
    fn drop(&mut self) {
        if !self.is_filled {
            lock(&self.journal.index).give_back(self.request, self.occurrence);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
