//! A declared command, called: a value that is builder and future.

mod preview;
mod setters;

// Last, as in the documentation.
#[cfg(feature = "blocking")]
mod blocking;

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

pub use self::preview::Preview;
use crate::error::Error;
use crate::global;
use crate::outcome::Outcome;
use crate::output::{Ensure, Output, Slot, Streamed};
use crate::pipeline::{self, Finished};
use crate::request::Request;
use crate::stream::TextStream;

/// One call of a command: set what this call needs differently, then `.await` it.
///
/// A function under [`#[command]`](macro@crate::command) returns it. It is a future of
/// `Result<T, Error>`; it holds its prompt and borrows nothing, so that it can be awaited, spawned,
/// joined or kept. Nothing is sent before it is first polled, and dropping it cancels the request.
///
/// `M` tells what the command can do besides being awaited: [`Plain`] is the ordinary case, [`WithTools`] that of
/// one whose model can call tools.
///
/// It runs on tokio: on any runtime with I/O and time enabled, as `#[tokio::main]` makes it.
///
/// # Errors
///
/// Awaiting gives an [`Error`]; its [`kind`](Error::kind) says which of them.
///
/// # Panics
///
/// Polling it after it gave its result panics, as other futures do.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
///
/// use alloy_runtime::command;
///
/// #[command("Say hello to {name}", model = "ollama:llama3.1")]
/// async fn greet(name: &str) -> String;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let text = greet("Ann").await?;
/// let warm = greet("Ben").temperature(0.9).timeout(Duration::from_secs(60)).await?;
/// let task = tokio::spawn(greet("Cat"));
/// println!("{text} {warm} {}", task.await??);
/// # Ok(())
/// # }
/// ```
#[must_use = "a command does nothing until it is awaited"]
pub struct Command<T, M = Plain> {
    state: State<T>,
    /// Begins the pipeline for `T`. Kept here so that being a future asks nothing of `T`: a type that
    /// is no output is then one error, where the command is declared, and not one more at each `.await`.
    start: Start<T>,
    /// What the declaration says of its answers.
    ensure: Option<Ensure<T>>,
    /// `fn() -> T` keeps the command `Send` and `Unpin` whatever `T` is.
    marker: PhantomData<fn() -> (T, M)>,
}

/// The mode of a command that has no tools: see [`Command`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Plain;

/// The mode of a command whose model can call tools: see [`Command`].
///
/// Such a command cannot be streamed: what the model says before it calls a tool is no answer.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct WithTools;

/// The modes in which a text can be read as it comes: [`Plain`].
#[diagnostic::on_unimplemented(
    message = "a command with tools cannot be streamed",
    label = "this command has tools",
    note = "streaming is text only: what the model says before it calls a tool is no answer; await the command instead"
)]
pub trait CanStream: sealed::Sealed {}

impl CanStream for Plain {}

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::Plain {}
}

/// The whole pipeline as one boxed future.
type Running<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

type Start<T> = fn(Box<Request>, Option<Ensure<T>>) -> Running<T>;

enum State<T> {
    /// Not polled yet: the setters still apply.
    Ready(Box<Request>),
    /// Polled.
    Running(Running<T>),
    /// The result was handed out.
    Done,
}

impl<T: Output, M> Command<T, M> {
    pub(crate) fn new(request: Request) -> Self {
        Self {
            state: State::Ready(Box::new(request)),
            start: |request, ensure| Box::pin(async move { Ok(run(request, ensure).await?.0) }),
            ensure: None,
            marker: PhantomData,
        }
    }

    /// The same, with what its declaration says of its answers.
    pub(crate) fn ensured(self, ensure: Ensure<T>) -> Self {
        Self {
            ensure: Some(ensure),
            ..self
        }
    }

    /// Gives the text as the model writes it, piece by piece. Only a command that returns `String` can do
    /// that, because a piece of JSON is no value yet.
    ///
    /// Nothing is sent before the stream is first polled, and dropping it ends the generation. See
    /// [`TextStream`].
    ///
    /// ```no_run
    /// use std::io::Write as _;
    ///
    /// use alloy_runtime::command;
    ///
    /// #[command("Tell a story about {hero}", model = "ollama:llama3.1")]
    /// async fn story(hero: &str) -> String;
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut stream = story("a fox").stream();
    /// while let Some(text) = stream.next().await {
    ///     print!("{}", text?);
    ///     std::io::stdout().flush()?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> TextStream
    where
        T: Streamed,
        M: CanStream,
    {
        match self.state {
            State::Ready(request) => TextStream::new(
                request,
                global::expectation::<T>(),
                Box::new(Slot::new(self.ensure)),
            ),
            State::Running(_) | State::Done => TextStream::failed(awaited_already()),
        }
    }

    /// Runs the command and gives, besides its value, all that is known about how it came.
    ///
    /// # Errors
    ///
    /// The same as awaiting the command; and that it was awaited already.
    pub async fn outcome(self) -> Result<Outcome<T>, Error> {
        let State::Ready(request) = self.state else {
            return Err(awaited_already());
        };
        let (value, finished) = run::<T>(request, self.ensure).await?;
        Ok(Outcome::of(value, finished))
    }
}

/// Runs the pipeline and takes the value out of its slot.
async fn run<T: Output>(
    request: Box<Request>,
    ensure: Option<Ensure<T>>,
) -> Result<(T, Finished), Error> {
    let mut slot = Slot::new(ensure);
    let finished = pipeline::run(request, global::expectation::<T>(), &mut slot).await?;
    match slot.into_value() {
        Some(value) => Ok((value, finished)),
        // NOTE: The pipeline succeeds only once the slot has accepted an answer.
        None => unreachable!("the pipeline ended without a value"),
    }
}

/// A command runs once: what is asked of it after it began is a mistake of the program.
fn awaited_already() -> Error {
    Error::configuration(
        "the command was awaited already",
        "Call the function again for another command.",
    )
}

impl<T, M> Future for Command<T, M> {
    type Output = Result<T, Error>;

    #[allow(
        clippy::panic,
        reason = "a future polled after its end panics, as those of the standard library do"
    )]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::Ready(_) = self.state {
            if let State::Ready(request) = std::mem::replace(&mut self.state, State::Done) {
                self.state = State::Running((self.start)(request, self.ensure));
            }
        }
        let State::Running(running) = &mut self.state else {
            panic!("a command was polled after it had given its result");
        };
        let result = running.as_mut().poll(context);
        if result.is_ready() {
            self.state = State::Done;
        }
        result
    }
}

impl<T, M> fmt::Debug for Command<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Command");
        match &self.state {
            State::Ready(request) => out
                .field("name", &request.definition.name())
                .field("prompt", &request.prompt),
            State::Running(_) => out.field("state", &"running"),
            State::Done => out.field("state", &"done"),
        };
        out.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Definition;

    /// Every command in flight is one such future. Allocators keep blocks of up to a kilobyte at hand; a
    /// larger one costs a few per cent of a call.
    #[test]
    fn a_command_in_flight_is_small() {
        static DEFINITION: Definition = Definition::new("small");
        let request = Request::new(&DEFINITION, String::new(), None);
        let running = run::<String>(Box::new(request), None);
        assert!(size_of_val(&running) <= 1024, "{}", size_of_val(&running));
    }
}
