//! The file of a journal. The functions block: callers run them on a thread of no async runtime.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use super::header::JournalHeader;
use super::index::JournalIndex;
use crate::store::key::RequestKey;

/// The reason why a journal cannot be used.
#[derive(Debug)]
pub(crate) enum JournalProblem {
    /// The answers in the file belong to another request or model: what is different.
    Changed(Vec<String>),
    /// Another batch, of this or another process, uses the file.
    InUse,
    /// The file is no journal, or of another version.
    NotAJournal(String),
    Io(std::io::Error),
    /// A command of a stand-in must not mix its answers with those of a model.
    StandIn,
}

impl From<std::io::Error> for JournalProblem {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// A file that is open and locked.
#[derive(Debug)]
pub(super) struct JournalFile {
    /// For reading. Its position is that of the latest line.
    file: Mutex<File>,
}

/// The contents of a file when it was opened.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The last header.
    pub(super) header: Option<JournalHeader>,
    pub(super) index: JournalIndex,
    /// The number of lines that are neither a header nor an answer.
    pub(super) damaged: usize,
}

impl JournalFile {
    /// Opens a file, creates it if it does not exist, and reads it. A torn line at its end is cut off.
    ///
    /// # Errors
    ///
    /// The file is in use, is no journal, or cannot be read.
    pub(super) fn open(path: &Path) -> Result<(Self, Contents), JournalProblem> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => JournalProblem::InUse,
            TryLockError::Error(error) => JournalProblem::Io(error),
        })?;
        // Reading a device may never end.
        if !file.metadata()?.is_file() {
            return Err(JournalProblem::NotAJournal(
                "it is no regular file".to_owned(),
            ));
        }
        let contents = Contents::read(&file)?;
        let file = Mutex::new(file);
        Ok((Self { file }, contents))
    }

    /// Returns another handle of the file, for appending, and the length of the file.
    pub(super) fn for_appending(&self) -> std::io::Result<(File, u64)> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((file.try_clone()?, file.metadata()?.len()))
    }

    /// Reads the line at an offset, without its end.
    pub(super) fn read_line(&self, offset: u64) -> Result<Vec<u8>, JournalProblem> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        let mut line = Vec::new();
        BufReader::new(&*file).read_until(b'\n', &mut line)?;
        line.pop();
        Ok(line)
    }
}

/// The beginning of a header.
const HEADER: &[u8] = b"{\"alloy_journal\":";

/// The parts of an answer that the index needs.
#[derive(Deserialize)]
struct LineHead<'a> {
    #[serde(borrow)]
    key: &'a str,
}

impl Contents {
    fn read(file: &File) -> Result<Self, JournalProblem> {
        let mut contents = Self::default();
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let mut line = Vec::new();
        let mut offset = 0;
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)? as u64;
            if length == 0 {
                return Ok(contents);
            }
            let is_complete = line.last() == Some(&b'\n');
            if is_complete {
                line.pop();
            } else {
                // The process ended while it wrote the line; or it is the first line of another file.
                let is_header = HEADER.starts_with(&line) || line.starts_with(HEADER);
                if contents.header.is_none() && !is_header {
                    return Err(not_a_header());
                }
                tracing::warn!("an incomplete line was cut off the end of the journal");
                file.set_len(offset)?;
                return Ok(contents);
            }
            contents.add(&line, offset)?;
            offset += length;
        }
    }

    /// Takes in a line.
    fn add(&mut self, line: &[u8], offset: u64) -> Result<(), JournalProblem> {
        let head: Result<LineHead<'_>, _> = serde_json::from_slice(line);
        let key = head
            .ok()
            .and_then(|head| head.key.parse::<RequestKey>().ok());
        match (key, &self.header) {
            (Some(key), Some(_)) => self.index.insert(key, offset),
            // A header: the first line, or that of a journal that was appended.
            _ => match serde_json::from_slice::<JournalHeader>(line) {
                Ok(header) => {
                    check_format(&Value::from(JournalHeader::FORMAT), line)?;
                    self.header = Some(header);
                }
                Err(_) if self.header.is_some() => {
                    self.damaged += 1;
                    tracing::warn!(offset, "a line of the journal is damaged, and was skipped");
                }
                Err(_) => {
                    check_format(&Value::Null, line)?;
                    return Err(not_a_header());
                }
            },
        }
        Ok(())
    }
}

fn not_a_header() -> JournalProblem {
    JournalProblem::NotAJournal("its first line is no header of a journal".to_owned())
}

/// Checks the version of a header. `expected` is `null` for a line that could not be read as one.
fn check_format(expected: &Value, line: &[u8]) -> Result<(), JournalProblem> {
    let whole: Value = serde_json::from_slice(line).unwrap_or_default();
    let format = &whole["alloy_journal"];
    if format == expected {
        return Ok(());
    }
    let known = JournalHeader::FORMAT;
    Err(JournalProblem::NotAJournal(format!(
        "it has the format {format}; expected {known}, the one that this version of Alloy reads"
    )))
}
