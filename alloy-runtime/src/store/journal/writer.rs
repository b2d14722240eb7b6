//! The thread that writes a journal.

use std::fs::File;
use std::io::{Error as IoError, Write as _};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::file::{JournalFile, JournalProblem};

/// The time after which written lines are flushed to the disk, against a loss of power.
const SYNC_AFTER: Duration = Duration::from_secs(1);

/// Appends lines to a journal. Dropping it waits until they are on the disk and the file is unlocked.
#[derive(Debug)]
pub(super) struct JournalWriter {
    lines: Option<Sender<Line>>,
    unlocked: Mutex<Receiver<()>>,
}

/// A line to write, and where its offset goes.
#[derive(Debug)]
struct Line {
    json: Vec<u8>,
    written: oneshot::Sender<Result<u64, IoError>>,
}

impl JournalWriter {
    /// Starts the thread. `header` is written at once, and flushed to the disk.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or the operating system cannot start another thread.
    pub(super) fn start(
        file: &JournalFile,
        header: Option<Vec<u8>>,
    ) -> Result<Self, JournalProblem> {
        let (file, length) = file.for_appending()?;
        let mut appender = Appender { file, length };
        if let Some(header) = header {
            appender.append(header)?;
            appender.file.sync_data()?;
        }
        let (lines, receiver) = channel();
        let (on_unlocked, unlocked) = sync_channel(1);
        let thread = std::thread::Builder::new().name("alloy-journal".to_owned());
        thread.spawn(move || appender.run(&receiver, &on_unlocked))?;
        Ok(Self {
            lines: Some(lines),
            unlocked: Mutex::new(unlocked),
        })
    }

    /// Writes a line, and returns its offset once it is in the file.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(super) async fn write(&self, json: Vec<u8>) -> Result<u64, JournalProblem> {
        let (written, offset) = oneshot::channel();
        // NOTE: The thread runs as long as the sender exists, unless it panicked.
        let ended = || IoError::other("the thread that writes the journal has ended");
        let lines = self.lines.as_ref().ok_or_else(ended)?;
        lines
            .send(Line { json, written })
            .map_err(|_unsent| ended())?;
        Ok(offset.await.map_err(|_lost| ended())??)
    }
}

impl Drop for JournalWriter {
    fn drop(&mut self) {
        self.lines = None;
        // Another batch may open the file next. The thread may have ended already.
        let unlocked = self.unlocked.get_mut();
        drop(unlocked.map(|unlocked| unlocked.recv()));
    }
}

/// A file that is appended to.
struct Appender {
    file: File,
    length: u64,
}

impl Appender {
    /// Appends a line by one write, so that other lines are never inside of it.
    fn append(&mut self, mut json: Vec<u8>) -> Result<u64, IoError> {
        json.push(b'\n');
        self.file.write_all(&json)?;
        let offset = self.length;
        self.length += json.len() as u64;
        Ok(offset)
    }

    fn run(mut self, lines: &Receiver<Line>, on_unlocked: &SyncSender<()>) {
        let mut unsynced: Option<Instant> = None;
        loop {
            let next = match unsynced {
                None => lines
                    .recv()
                    .map_err(|_closed| RecvTimeoutError::Disconnected),
                Some(since) => lines.recv_timeout(SYNC_AFTER.saturating_sub(since.elapsed())),
            };
            match next {
                Ok(Line { json, written }) => {
                    let result = self.append(json);
                    if let Err(error) = &result {
                        tracing::error!("the journal cannot be written: {error}");
                    }
                    unsynced.get_or_insert_with(Instant::now);
                    // The command may have been dropped.
                    drop(written.send(result));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    // Before the program goes on, and perhaps exits: a thread that is ended with it flushes nothing.
                    if unsynced.is_some() {
                        self.sync();
                    }
                    drop(self.file.unlock());
                    // The other end is gone if the batch ended with its runtime.
                    let _sent = on_unlocked.send(());
                    return;
                }
            }
            if unsynced.is_some_and(|since| since.elapsed() >= SYNC_AFTER) {
                self.sync();
                unsynced = None;
            }
        }
    }

    fn sync(&self) {
        if let Err(error) = self.file.sync_data() {
            tracing::warn!("the journal could not be flushed to the disk: {error}");
        }
    }
}
