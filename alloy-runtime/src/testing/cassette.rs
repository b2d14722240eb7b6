//! A backend that plays recorded exchanges, and records them.

mod exchange;
mod installation;
mod mode;
mod name;
mod replay;
mod report;
mod state;
mod tap;
mod tape;
mod threads;

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use regex_lite::Regex;
use serde_json::Value;

pub use self::installation::CassetteInstallation;
use self::installation::InstalledCassette;
pub use self::mode::CassetteMode;
pub use self::name::cassette;
use self::state::TapeInfo;
use self::tape::{Conclusion, Tape, TapeUse};
use self::threads::{blocking, in_task};
use super::caller::Caller;
use crate::backend;
use crate::config::Config;
use crate::error::Error;
use crate::global;
use crate::recording::{self, RecordingSet, Rules};

/// The name of the backend.
const NAME: &str = "cassette";

/// Recorded exchanges with a model, in a file that a person can read and edit.
///
/// A test records them once, with a real model, and plays them afterwards, without a server, a key or a model file. A call
/// with a usual prompt takes less than a millisecond then. Record with the variable `ALLOY_CASSETTE`, and commit the file:
///
/// | `ALLOY_CASSETTE` | requests |
/// |---|---|
/// | `replay`, or unset | are answered from the file; nothing leaves the process |
/// | `record` | are sent where they have no recording; recordings that no request asks for are dropped |
/// | `rerecord` | are all sent, and the file is replaced |
/// | `off` | are all sent, and the file is not used |
///
/// A request finds its recording by its protocol and its body, except for `keep_alive` and the folder of a model file.
/// Requests with the same body are answered in the order of the file, others in any order. A request without a recording
/// fails with [`ErrorKind::Unanswered`](crate::ErrorKind::Unanswered), and its message shows how the request differs from
/// the nearest recording: the prompt, the doc comment of a field, an option, a tool or the model has changed. It also
/// fails the test at its end, even where the program ignores the error. So does a recording that is not played, and
/// [`models`](crate::models()) without a recording.
///
/// Tools run during a replay. If their results differ from run to run, use [`ignore_text`](Self::ignore_text),
/// [`ignore`](Self::ignore) or [`normalize`](Self::normalize).
///
/// Keys and headers are never part of a file, and the key of the server is replaced wherever a server quotes it.
///
/// ```
/// use alloy_runtime::command;
/// use alloy_runtime::testing::Cassette;
///
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> String;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let folder = std::env::temp_dir().join(format!("alloy-doc-cassette-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// let path = folder.join("hello.json");
/// // `ALLOY_CASSETTE=record cargo test` writes this file.
/// std::fs::write(&path, r#"{
///   "format": 1,
///   "exchanges": [
///     {
///       "protocol": "native",
///       "command": "hello",
///       "request": {
///         "model": "llama3.1",
///         "messages": [{"role": "user", "content": "Say hello"}],
///         "stream": false,
///         "truncate": false
///       },
///       "wire": {
///         "status": 200,
///         "body": {"message": {"role": "assistant", "content": "Hello!"}, "done": true}
///       }
///     }
///   ]
/// }"#).unwrap();
///
/// let outcome = Cassette::open(&path).run(hello().outcome()).await.unwrap();
/// assert_eq!(outcome.value, "Hello!");
/// assert_eq!(outcome.backend, "cassette");
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Cassette {
    path: PathBuf,
    /// The test, as the argument of `cargo test`.
    test: Option<String>,
    mode: Option<CassetteMode>,
    can_record_in_ci: bool,
    rules: Rules,
}

impl Cassette {
    /// Names the file of a cassette. It is opened by [`run`](Self::run) and [`install`](Self::install).
    ///
    /// A relative path begins in the folder of the package that is tested, where `cargo test` runs tests. The macro
    /// [`cassette!`](macro@crate::cassette) chooses the path.
    pub fn open(path: impl Into<PathBuf>) -> Self {
        let thread = std::thread::current();
        // `cargo test` names the thread of a test after it.
        let test = thread.name().filter(|name| *name != "main");
        Self {
            path: path.into(),
            test: test.map(str::to_owned),
            mode: None,
            can_record_in_ci: false,
            rules: Rules::default(),
        }
    }

    /// Implements [`cassette!`](macro@crate::cassette). `probe` is the type name of a function inside of the test.
    #[doc(hidden)]
    pub fn for_test(manifest: &str, module: &str, probe: &str, name: Option<&str>) -> Self {
        let cassette = Self::open(name::file(manifest, module, probe, name));
        match name {
            Some(_) => cassette,
            None => Self {
                test: Some(name::test(probe)),
                ..cassette
            },
        }
    }

    /// Sets the mode. It wins over the variable `ALLOY_CASSETTE`.
    pub fn mode(self, mode: CassetteMode) -> Self {
        Self {
            mode: Some(mode),
            ..self
        }
    }

    /// Allows recording where the variable `CI` is set, which is an error otherwise. Use it for tests that record
    /// exchanges with a server of the test itself.
    pub fn record_in_ci(self) -> Self {
        Self {
            can_record_in_ci: true,
            ..self
        }
    }

    /// Changes requests before they are compared, recorded ones and those of the test. It does not change the file.
    pub fn normalize(mut self, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        self.rules.edit(change);
        self
    }

    /// Leaves the value at a JSON pointer into the request, such as `/options/seed`, out of the comparison.
    ///
    /// # Panics
    ///
    /// If the pointer does not begin with `/`.
    #[track_caller]
    pub fn ignore(mut self, pointer: impl Into<String>) -> Self {
        let pointer = pointer.into();
        assert!(
            pointer.starts_with('/'),
            "`{pointer}` is not a JSON pointer; expected one such as `/options/seed`"
        );
        self.rules.ignore(pointer);
        self
    }

    /// Leaves texts that match a regular expression out of the comparison, in all texts of a request: dates, for example.
    ///
    /// ```
    /// # use alloy_runtime::testing::Cassette;
    /// let cassette = Cassette::open("tests/cassettes/news.json").ignore_text(r"\d{4}-\d\d-\d\d");
    /// ```
    ///
    /// # Panics
    ///
    /// If the expression is not valid.
    #[track_caller]
    pub fn ignore_text(mut self, pattern: &str) -> Self {
        #[allow(clippy::panic, reason = "a test fails by a panic")]
        let regex = Regex::new(pattern)
            .unwrap_or_else(|error| panic!("`{pattern}` is not a regular expression: {error}"));
        self.rules.ignore_text(regex);
        self
    }

    /// Changes exchanges before they are written: use it for what must not be in the file. An exchange has the members
    /// `protocol`, `command` and `request`, and one of the reply, such as `wire`. The function also runs on the requests
    /// of the test, without a reply, so that they match what was written.
    pub fn redact(mut self, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        self.rules.redact(change);
        self
    }

    /// Runs a future, whose commands the cassette answers, and checks at the end that each request had a recording and
    /// each recording was played. When it records, it writes the file at the end.
    ///
    /// If the returned future is dropped before its end, by a `timeout` or a `select!`, nothing is checked and nothing is
    /// written. Put the limit inside: `cassette.run(timeout(limit, future))`.
    ///
    /// Nothing is written if the future panics. Nothing is written either, and the test fails, if a request got no reply,
    /// if a stream was not read to its end, or if no request was made. A reply after which the command sent its request
    /// again is not recorded.
    ///
    /// Commands in tasks that the future spawns are outside of it: they fail, and never reach a model. Use
    /// [`install`](Self::install) for them.
    ///
    /// # Panics
    ///
    /// If the recordings do not fit; the message shows why. If the file is damaged, cannot be written, or is used by
    /// another test. If the cassette would record, and the variable `CI` is set. If a stand-in is installed on the current
    /// runtime.
    #[track_caller]
    pub fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        let caller = Caller::new();
        async move {
            let mode = caller.passed(self.resolve_mode());
            if mode == CassetteMode::Off {
                return future.await;
            }
            let guard = caller.passed(global::install(NAME, None));
            let used = caller.passed(self.load_in_task(mode).await);
            let mut scope = Config::current();
            scope.merge(config(&used.tape));
            let output = global::scoped(scope.shared(), future).await;
            drop(guard);
            let Conclusion { set, report } = used.tape.conclude();
            if let Some(set) = set {
                let path = self.path.clone();
                caller.passed(in_task(move || recording::write(&path, &set)).await);
            }
            caller.check(report);
            output
        }
    }

    /// Answers the commands of the current tokio runtime until the guard is dropped: those of every task, and of the
    /// threads of tools. Outside of a runtime, it answers those of the current thread and their `.blocking()` calls.
    ///
    /// The guard does at its end what [`run`](Self::run) does at its end.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    #[must_use = "the cassette is removed when the guard is dropped"]
    #[track_caller]
    pub fn install(&self) -> CassetteInstallation {
        let caller = Caller::new();
        let mode = caller.passed(self.resolve_mode());
        if mode == CassetteMode::Off {
            return CassetteInstallation(None);
        }
        let loaded = blocking(self.loader(mode));
        let used = caller.passed(loaded.and_then(|loaded| self.insert(mode, loaded)));
        let guard = caller.passed(global::install(NAME, Some(config(&used.tape).shared())));
        CassetteInstallation(Some(InstalledCassette {
            used,
            guard,
            caller,
        }))
    }

    fn resolve_mode(&self) -> Result<CassetteMode, Error> {
        CassetteMode::resolve(self.mode, self.can_record_in_ci)
    }

    /// Returns the function that reads the file, which may block.
    fn loader(
        &self,
        mode: CassetteMode,
    ) -> impl FnOnce() -> Result<LoadedFile, Error> + Send + 'static {
        let path = self.path.clone();
        move || {
            if mode.is_recording() {
                recording::check_writable(&path)?;
            }
            Ok(LoadedFile {
                identity: recording::identity(&path),
                has_file: path.exists(),
                set: match mode {
                    // A damaged file is replaced, too.
                    CassetteMode::Rerecord => None,
                    _ => recording::read(&path)?,
                },
            })
        }
    }

    async fn load_in_task(&self, mode: CassetteMode) -> Result<TapeUse, Error> {
        let loaded = in_task(self.loader(mode)).await?;
        self.insert(mode, loaded)
    }

    /// Reserves a file that was read.
    fn insert(&self, mode: CassetteMode, loaded: LoadedFile) -> Result<TapeUse, Error> {
        let LoadedFile {
            identity,
            has_file,
            set,
        } = loaded;
        let file = global::open_file(identity)?;
        let info = TapeInfo {
            path: self.path.clone(),
            test: self.test.clone(),
            mode,
            has_file,
        };
        let tape = Tape::new(info, self.rules.clone(), set);
        Ok(TapeUse::new(tape, file))
    }
}

impl fmt::Debug for Cassette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cassette")
            .field("path", &self.path)
            .field("mode", &self.mode)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// A file that was read, and its absolute path.
struct LoadedFile {
    identity: PathBuf,
    has_file: bool,
    set: Option<RecordingSet>,
}

fn config(tape: &Arc<Tape>) -> Config {
    Config::new().backend(backend::custom(NAME, Arc::clone(tape)))
}

#[cfg(test)]
mod tests;
