//! A backend that answers with replies that a test lists.

mod exchange;
mod replies;
mod report;
mod request;
mod state;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::replies::{Replies, ScriptedReply};
pub use self::request::ScriptRequest;
use self::state::{Matcher, ScriptState};
use super::caller::Caller;
use super::error::ErrorBuilder;
use super::stand_in::{self, Installation};
use crate::backend;
use crate::config::Backend;
use crate::error::Error;

/// Replies to commands, in the order in which the test lists them. A cheap handle: clones share the replies.
///
/// Each request takes the next reply, those that follow a tool call or an invalid answer included. A reply that is not
/// taken, and a request without a reply, fail the test, even where the program ignores the error. Pauses between
/// retries are skipped.
///
/// ```
/// use alloy_runtime::testing::Script;
/// use alloy_runtime::command;
///
/// #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
/// struct User {
///     name: String,
///     age: u8,
/// }
///
/// #[command("Extract the user: {text}", retry = 2)]
/// async fn extract(text: &str) -> User;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// // The first answer is not valid, so the command asks again.
/// let jason = User { name: "Jason".into(), age: 25 };
/// let script = Script::new().text(r#"{"name": "Jason"}"#).answer(&jason);
/// let user = script.run(extract("Jason is 25.")).await.unwrap();
/// assert_eq!(user, jason);
/// assert_eq!(script.requests().len(), 2);
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<ScriptState>>);

/// Generates the methods of [`Script`] that add a reply to its general list.
macro_rules! general_replies {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*);)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(self, $($argument: $type),*) -> Self {
                self.extend(|replies| replies.$name($($argument),*))
            }
        )*
    };
}

impl Script {
    /// Creates a script without replies.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    general_replies! {
        /// Adds the text of an answer.
        text(text: impl Into<String>);
        /// Adds the answer that is this value: for a command that returns a `String`, a string as it is; for a typed
        /// command, the value as JSON, in the form that the command asks for. A value that the command's type does not
        /// accept unchanged fails the test.
        answer(value: &(impl serde::Serialize + ?Sized));
        /// Adds a reply that calls a tool with these arguments.
        tool_call(name: impl Into<String>, arguments: serde_json::Value);
        /// Adds a reply that calls several tools at once.
        tool_calls(calls: impl IntoIterator<Item = (impl Into<String>, serde_json::Value)>);
        /// Adds an error reply of the server: its status and its text. The command sends its request again where it
        /// would with a real server, and takes further replies then.
        status(status: u16, text: impl Into<String>);
        /// Adds an error that the command returns at once.
        error(error: ErrorBuilder);
        /// Adds a text that the token limit cuts.
        truncated(text: impl Into<String>);
        /// Adds a connection that is lost after this text.
        disconnected_after(text: impl Into<String>);
        /// Adds a reply with chunks, thinking, usage or a delay.
        reply(reply: ScriptedReply);
        /// Repeats the last reply for all further requests.
        repeat();
        /// Allows the last reply not to be taken.
        optional();
    }

    /// Adds a list of replies for the command of this name. It never takes from the general list then.
    #[must_use]
    pub fn on(self, command: impl Into<String>, replies: impl FnOnce(Replies) -> Replies) -> Self {
        self.add_list(Matcher::Command(command.into()), replies)
    }

    /// Adds a list of replies for the requests that a condition holds for. Of several lists, the first one that matches
    /// is used.
    #[must_use]
    pub fn when(
        self,
        condition: impl Fn(&ScriptRequest) -> bool + Send + Sync + 'static,
        replies: impl FnOnce(Replies) -> Replies,
    ) -> Self {
        self.add_list(Matcher::When(Arc::new(condition)), replies)
    }

    /// Answers all other requests with a function.
    #[must_use]
    pub fn respond(
        self,
        respond: impl Fn(&ScriptRequest) -> ScriptedReply + Send + Sync + 'static,
    ) -> Self {
        self.state().respond = Some(Arc::new(respond));
        self
    }

    /// Runs a future, whose commands the script answers, and [verifies](Self::verify) the script at its end. A failure
    /// names the place of this call.
    ///
    /// If the returned future is dropped before its end, by a `timeout` or a `select!`, nothing is verified. Put the limit
    /// inside: `script.run(timeout(limit, future))`. Or call [`verify`](Self::verify).
    ///
    /// Commands in tasks that the future spawns are outside of it: they fail, and never reach a model. Use
    /// [`install`](Self::install) for them.
    ///
    /// # Panics
    ///
    /// As [`verify`](Self::verify), and if a stand-in is installed on the current runtime already.
    #[track_caller]
    pub fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        let caller = Caller::new();
        async move {
            let output = stand_in::run(self.clone(), caller, future).await;
            caller.check(self.report());
            output
        }
    }

    /// Answers the commands of the current tokio runtime until the guard is dropped: those of every task, and of the
    /// threads of tools. Outside of a runtime, it answers those of the current thread and their `.blocking()` calls.
    ///
    /// The guard [verifies](Self::verify) the script when it is dropped. Tests with a runtime each, as
    /// `#[tokio::test]` makes them, do not see each other's scripts.
    ///
    /// ```
    /// # use alloy_runtime::{command, testing::Script};
    /// # #[command("Say hello")]
    /// # async fn hello() -> String;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let _guard = Script::new().text("Hello!").install();
    /// let task = tokio::spawn(async { hello().await });
    /// assert_eq!(task.await.unwrap().unwrap(), "Hello!");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If a script is installed on this runtime or thread already.
    #[must_use = "the script is removed when the guard is dropped"]
    #[track_caller]
    pub fn install(&self) -> Installation {
        let (script, caller) = (self.clone(), Caller::new());
        stand_in::install(self.clone(), caller, move || {
            caller.check(script.report());
        })
    }

    /// Returns the requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<ScriptRequest> {
        self.state().requests.clone()
    }

    /// Checks that every reply was taken, unless it is optional, and that every request got one.
    ///
    /// # Panics
    ///
    /// If not. The message shows the script and where it stood.
    #[track_caller]
    pub fn verify(&self) {
        #[allow(clippy::panic, reason = "a test fails by a panic")]
        if let Some(report) = self.report() {
            panic!("{report}");
        }
    }

    fn report(&self) -> Option<String> {
        self.state().report()
    }

    fn extend(self, replies: impl FnOnce(Replies) -> Replies) -> Self {
        let mut state = self.state();
        let general = std::mem::take(&mut state.general.replies);
        state.general.replies = replies(general);
        drop(state);
        self
    }

    fn add_list(self, matcher: Matcher, replies: impl FnOnce(Replies) -> Replies) -> Self {
        let replies = replies(Replies::default());
        self.state().add_list(matcher, replies);
        self
    }

    fn state(&self) -> MutexGuard<'_, ScriptState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.state().listing())
    }
}

impl From<Script> for Backend {
    fn from(script: Script) -> Self {
        backend::custom("script", script)
    }
}

/// The error of a request that a script does not answer.
fn unanswered(message: String, listing: &str) -> Error {
    Error::new(crate::error::ConnectionError::Unanswered {
        message,
        help: format!("Add a reply to the script, or remove the request. The script:\n{listing}"),
    })
}
