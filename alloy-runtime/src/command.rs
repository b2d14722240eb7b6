//! One call of a command, which is both a builder and a future.

mod preview;
mod setters;

// Last, as in the documentation.
#[cfg_attr(not(feature = "blocking"), path = "command/no_blocking.rs")]
mod blocking;

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

pub use self::preview::Preview;
use crate::deadline::ServerPause;
use crate::endpoint::Resolved;
use crate::error::Error;
use crate::global;
use crate::outcome::Outcome;
#[cfg(feature = "testing")]
use crate::output::Conditions;
use crate::output::{Ensure, Output, Slot, TextOutput};
use crate::pipeline::{self, Finished};
use crate::request::Request;
use crate::store::Journal;
use crate::stream::TextStream;
use crate::tool::Tool;

/// One call of a command. Change its settings with the setters, then `.await` it.
///
/// A function with the attribute [`#[command]`](macro@crate::command) returns it. It is a future of
/// `Result<T, Error>`; it owns its prompt and borrows nothing, so that it can be awaited, spawned,
/// joined or stored. Nothing is sent before it is first polled, and dropping it cancels the request.
///
/// `M` is the mode of the command: [`Plain`] by default, [`WithTools`] if the model can call tools.
///
/// A command needs a tokio runtime with I/O and time enabled, such as the one that `#[tokio::main]` creates. One that a
/// program builds by hand enables them with `enable_all()`.
///
/// # Errors
///
/// Awaiting the command fails with an [`Error`]; [`Error::kind`] tells the causes apart.
///
/// # Panics
///
/// Polling the command after it has returned its result panics, as with other futures. Polling it in a tokio runtime
/// without I/O or time panics in tokio, which offers no way to ask for them: build the runtime with
/// `tokio::runtime::Builder::enable_all`.
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
    /// Starts the pipeline for `T`. As a function pointer, so that `Future` is implemented without a bound on `T`:
    /// rustc then reports a type that is not an output once, at the declaration, and not again at each `.await`.
    start: Start<T>,
    /// The `#[ensure]` conditions of the declaration.
    ensure: Option<Ensure<T>>,
    /// `fn() -> T` keeps the command `Send` and `Unpin` whatever `T` is.
    marker: PhantomData<fn() -> (T, M)>,
}

/// The mode of a command without tools; see [`Command`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Plain;

/// The mode of a command whose model can call tools; see [`Command`].
///
/// Such a command cannot be streamed, because text that the model writes before a tool call is not the answer.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct WithTools;

/// The modes of commands that can be streamed: [`Plain`].
#[diagnostic::on_unimplemented(
    message = "a command with tools cannot be streamed",
    label = "this command has tools",
    note = "streaming is text only: what the model says before it calls a tool is no answer; await the command instead"
)]
pub trait Streamable: sealed::Sealed {}

impl Streamable for Plain {}

/// A value that [`Command::tool`] takes: a [`Tool`].
#[diagnostic::on_unimplemented(
    message = "`.tool(…)` takes a `Tool`, and this is not one",
    label = "not a `Tool`",
    note = "for a function `add` with `#[tool]`, write `.tool(add::tool())`, or `.tool(add::with(state))` if the tool has state",
    note = "a closure becomes a tool by `Tool::new`"
)]
pub trait IntoTool: sealed::Sealed {
    /// Returns the tool.
    #[doc(hidden)]
    fn into_tool(self) -> Tool;
}

impl IntoTool for Tool {
    fn into_tool(self) -> Tool {
        self
    }
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::Plain {}

    impl Sealed for super::Tool {}
}

/// The whole pipeline as one boxed future.
type Running<T> = Pin<Box<dyn Future<Output = Result<(T, Finished), Error>> + Send>>;

type Start<T> = fn(Box<Request>, Option<Ensure<T>>) -> Running<T>;

enum State<T> {
    /// Not polled yet: the setters still apply.
    Ready(Box<Request>),
    /// Polled.
    Running(Running<T>),
    /// The result was returned.
    Done,
}

impl<T: Output, M> Command<T, M> {
    pub(crate) fn new(request: Request) -> Self {
        Self {
            state: State::Ready(Box::new(request)),
            start: |request, ensure| Box::pin(run(request, ensure)),
            ensure: None,
            marker: PhantomData,
        }
    }

    /// Adds the `#[ensure]` conditions of the declaration.
    pub(crate) fn ensured(mut self, ensure: Ensure<T>) -> Self {
        #[cfg(feature = "testing")]
        if let State::Ready(request) = &mut self.state {
            request.conditions = Some(Conditions::new(ensure));
        }
        self.ensure = Some(ensure);
        self
    }

    /// Streams the text while the model writes it. Only a command that returns `String` can be streamed,
    /// because a part of a JSON text is not a value.
    ///
    /// Nothing is sent before the stream is first polled, and dropping it ends the generation. See
    /// [`TextStream`].
    ///
    /// # Panics
    ///
    /// Polling the stream in a tokio runtime without I/O or time panics in tokio; see [`Command`].
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
        T: TextOutput,
        M: Streamable,
    {
        match self.state {
            State::Ready(request) => TextStream::new(
                request,
                global::output_spec::<T>(),
                Box::new(Slot::new(self.ensure)),
            ),
            State::Running(_) | State::Done => TextStream::failed(awaited_already()),
        }
    }

    /// Runs the command and returns its value with details: the text, token usage, timings, repairs and warnings.
    ///
    /// # Errors
    ///
    /// Fails with the errors of awaiting the command, and with a configuration error if the command was already
    /// polled.
    ///
    /// # Panics
    ///
    /// Awaiting it in a tokio runtime without I/O or time panics in tokio; see [`Command`].
    pub async fn outcome(self) -> Result<Outcome<T>, Error> {
        let State::Ready(request) = self.state else {
            return Err(awaited_already());
        };
        let (value, finished) = run::<T>(request, self.ensure).await?;
        Ok(Outcome::from_finished(value, finished))
    }
}

impl<T: Output, M> Command<T, M> {
    /// Returns the command with its mode erased.
    pub(crate) fn into_plain(self) -> Command<T> {
        Command {
            state: self.state,
            start: self.start,
            ensure: self.ensure,
            marker: PhantomData,
        }
    }

    /// Makes the command wait for a pause that others share, and extend it.
    pub(crate) fn pausing_with(mut self, pause: &Arc<ServerPause>) -> Self {
        if let State::Ready(request) = &mut self.state {
            request.pause = Some(Arc::clone(pause));
        }
        self
    }

    /// Makes the command keep its answer in a journal, and find it there.
    pub(crate) fn journaled_in(mut self, journal: &Arc<Journal>) -> Self {
        if let State::Ready(request) = &mut self.state {
            request.journal = Some(Arc::clone(journal));
        }
        self
    }

    /// Returns the settings and the endpoint that the command will use.
    ///
    /// # Errors
    ///
    /// A setting is missing or not valid.
    pub(crate) fn resolved(&self) -> Result<Arc<Resolved>, Error> {
        let State::Ready(request) = &self.state else {
            return Err(awaited_already());
        };
        let output = global::output_spec::<T>();
        Ok(pipeline::resolve(request, request.overrides.clone(), output)?.resolved)
    }
}

/// Runs the pipeline and takes the value out of its slot.
// NOTE: No async function: its future would hold its parameters twice.
fn run<T: Output>(
    request: Box<Request>,
    ensure: Option<Ensure<T>>,
) -> impl Future<Output = Result<(T, Finished), Error>> {
    let mut slot = Slot::new(ensure);
    async move {
        let mut finished = pipeline::run(request, global::output_spec::<T>(), &mut slot).await?;
        if finished.request.places.is_some() {
            // Boxed: a command without a cache does not hold this future.
            Box::pin(pipeline::keep(&mut finished)).await?;
        }
        match slot.into_value() {
            Some(value) => Ok((value, finished)),
            // NOTE: The pipeline succeeds only once the slot has accepted an answer.
            None => unreachable!("the pipeline ended without a value"),
        }
    }
}

/// Returns the error for a method that was called after the command was polled. A command runs only once.
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
        if let State::Ready(_) = self.state
            && let State::Ready(request) = std::mem::replace(&mut self.state, State::Done)
        {
            self.state = State::Running((self.start)(request, self.ensure));
        }
        let State::Running(running) = &mut self.state else {
            panic!("a command was polled after it had given its result");
        };
        let result = running.as_mut().poll(context);
        if result.is_ready() {
            self.state = State::Done;
        }
        result.map_ok(|(value, _)| value)
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
    use crate::request::CommandDefinition;

    /// Each command in flight is one such future. Allocators keep blocks of up to a kilobyte in their caches; a larger
    /// future costs a few per cent of a call.
    #[test]
    fn a_command_in_flight_is_small() {
        static DEFINITION: CommandDefinition = CommandDefinition::new("small");
        let request = Request::new(&DEFINITION, String::new(), None);
        let command = Command::<String>::new(request);
        let State::Ready(request) = command.state else {
            unreachable!("it was not polled");
        };
        let running = (command.start)(request, None);
        assert!(size_of_val(&*running) <= 1024, "{}", size_of_val(&*running));
    }
}
