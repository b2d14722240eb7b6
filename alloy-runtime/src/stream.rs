//! A text as it comes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::stream::FusedStream;

use crate::error::Error;
use crate::outcome::Summary;
use crate::output::{Accept, Expectation};
use crate::pipeline::{self, Flow};
use crate::request::Request;

/// The text of an answer as the model writes it: see [`Command::stream`](crate::Command::stream).
///
/// It is a `Stream` (of the `futures` crates) of `Result<String, Error>`, and [`next`](Self::next) reads it without that trait in
/// scope. Each item is the next piece of the text, never empty; a piece is what the server sent at a time,
/// often a word. After the last piece comes `None`, or one error and then `None`: what was read before the
/// error is the text so far, which [`Error::partial_text`] has as well.
///
/// Nothing is sent before it is first polled. Dropping it closes the connection, and with that the server
/// ends the generation. It runs on tokio, as a [`Command`](crate::Command) does.
///
/// A stream is one answer: it is not asked again (`retry`, `auto_finalize_missing_output`), and no hook is
/// called. What holds for the answer of any text command is held to at the end: one that is cut by the
/// limit of tokens, is blank, or breaks an `#[ensure]`, is an error after its text. Until the reply begins,
/// the request is sent again like any other. `timeout` is the time for everything, from the first poll;
/// `idle_timeout` that between two pieces of the reply.
///
/// # Examples
///
/// ```no_run
/// use std::io::Write as _;
///
/// use alloy_runtime::ask;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let mut stream = ask("Why is the sky blue?").model("ollama:llama3.1").stream();
/// while let Some(text) = stream.next().await {
///     print!("{}", text?);
///     std::io::stdout().flush()?;
/// }
/// if let Some(summary) = stream.summary() {
///     println!("\n{:?} tokens", summary.usage.completion_tokens);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing until it is polled"]
pub struct TextStream {
    state: State,
    /// Of a stream that is over.
    end: End,
}

enum State {
    Opening(Opening),
    Flowing(Box<Flow>),
    Failed(Error),
    Over,
}

type Opening = Pin<Box<dyn Future<Output = Result<Box<Flow>, Error>> + Send>>;

/// What a stream leaves behind.
#[derive(Default)]
struct End {
    text: String,
    thinking: String,
    summary: Option<Summary>,
}

impl TextStream {
    pub(crate) fn new(
        request: Box<Request>,
        expectation: &'static Expectation,
        slot: Box<dyn Accept>,
    ) -> Self {
        Self {
            state: State::Opening(Box::pin(async move {
                let flow = pipeline::stream(request, expectation, slot).await?;
                Ok(Box::new(flow))
            })),
            end: End::default(),
        }
    }

    /// A stream of this error alone.
    pub(crate) fn failed(error: Error) -> Self {
        Self {
            state: State::Failed(error),
            end: End::default(),
        }
    }

    /// The next piece of the text; `None` after the last one, or after an error. It is the `next` of the
    /// usual extension traits of streams.
    ///
    /// It may be dropped before it is done, as `select!` does: nothing is lost.
    ///
    /// # Errors
    ///
    /// The same as awaiting the command; the text before it was given out.
    #[allow(
        clippy::should_implement_trait,
        reason = "the name that streams have for it, and no iterator's"
    )]
    pub fn next(&mut self) -> Next<'_> {
        Next(self)
    }

    /// The text so far: all that was given out.
    #[must_use]
    pub fn text(&self) -> &str {
        match (&self.state, &self.end.summary) {
            (State::Flowing(flow), _) => flow.text(),
            (_, Some(summary)) => &summary.text,
            (_, None) => &self.end.text,
        }
    }

    /// The thinking text so far. It is never a part of the text.
    ///
    /// It is to be read between two pieces: while a model only thinks, there is no piece.
    #[must_use]
    pub fn thinking(&self) -> &str {
        match &self.state {
            State::Flowing(flow) => flow.thinking(),
            _ => &self.end.thinking,
        }
    }

    /// All that is known about the answer, once the server has told its end; `None` before that, and where
    /// it never did.
    ///
    /// It is there after an error as well, where the answer came to its end but is not to be taken: it was
    /// cut, blank, or broke an `#[ensure]`.
    #[must_use]
    pub fn summary(&self) -> Option<&Summary> {
        self.end.summary.as_ref()
    }

    /// Takes the [`summary`](Self::summary) out of the stream, without a copy; `None` where there is none.
    #[must_use]
    pub fn into_summary(self) -> Option<Summary> {
        self.end.summary
    }

    fn poll_text(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<String, Error>>> {
        loop {
            let state = match &mut self.state {
                State::Flowing(flow) => {
                    let item = ready!(flow.poll_text(context));
                    if !matches!(item, Some(Ok(_))) {
                        self.close();
                    }
                    return Poll::Ready(item);
                }
                State::Opening(opening) => match ready!(opening.as_mut().poll(context)) {
                    Ok(flow) => State::Flowing(flow),
                    Err(error) => State::Failed(error),
                },
                State::Failed(_) | State::Over => {
                    let last = std::mem::replace(&mut self.state, State::Over);
                    return Poll::Ready(match last {
                        State::Failed(error) => Some(Err(error)),
                        _ => None,
                    });
                }
            };
            self.state = state;
        }
    }

    /// Keeps what is worth it of a stream that is over, and lets the connection go.
    fn close(&mut self) {
        if let State::Flowing(flow) = std::mem::replace(&mut self.state, State::Over) {
            flow.thinking().clone_into(&mut self.end.thinking);
            flow.text().clone_into(&mut self.end.text);
            self.end.summary = flow.into_finished().map(Summary::of);
        }
    }
}

impl Stream for TextStream {
    type Item = Result<String, Error>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<String, Error>>> {
        self.poll_text(context)
    }
}

impl FusedStream for TextStream {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Over)
    }
}

/// The next piece of a text: see [`TextStream::next`].
#[derive(Debug)]
#[must_use = "a future does nothing until it is awaited"]
pub struct Next<'a>(&'a mut TextStream);

impl Future for Next<'_> {
    type Output = Option<Result<String, Error>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_text(context)
    }
}

impl fmt::Debug for TextStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Opening(_) => "opening",
            State::Flowing(_) => "flowing",
            State::Failed(_) => "failed",
            State::Over => "over",
        };
        f.debug_struct("TextStream")
            .field("state", &state)
            .field("summary", &self.end.summary)
            .finish_non_exhaustive()
    }
}
