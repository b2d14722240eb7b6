//! The stream of a command's text.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::stream::FusedStream;

use crate::error::Error;
use crate::outcome::Summary;
use crate::output::{Accept, OutputSpec};
use crate::pipeline::StreamingCall;
use crate::request::Request;

/// The text of an answer, streamed while the model writes it. Returned by
/// [`Command::stream`](crate::Command::stream).
///
/// It is a `Stream` (of the `futures` crates) of `Result<String, Error>`; [`next`](Self::next) reads it without that
/// trait in scope. Each item is the next piece of the text and is never empty. Its length depends on the server, which
/// often sends one word at a time. The last piece is followed by `None`, or by one error and then `None`. The text
/// before an error is also in [`Error::partial_text`].
///
/// Nothing is sent before the stream is first polled. Dropping it closes the connection, and the server ends the
/// generation. It needs a tokio runtime, as a [`Command`](crate::Command) does.
///
/// A stream has exactly one answer: Alloy never re-asks (`retry`, `auto_finalize_missing_output`) and calls no hook. At
/// the end, the complete text is checked like the text of any other command: if it reached the token limit, is blank,
/// or breaks an `#[ensure]`, an error follows the text. Until the reply begins, the request is retried like any other.
/// `timeout` limits the whole stream, from the first poll; `idle_timeout` limits the time between two chunks of the
/// reply.
///
/// # Panics
///
/// Polling it in a tokio runtime without I/O or time panics in tokio: build the runtime with `enable_all()`.
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
    call: StreamingCall,
    /// The summary of a stream that has ended.
    summary: Option<Summary>,
}

impl TextStream {
    pub(crate) fn new(
        request: Box<Request>,
        output: &'static OutputSpec,
        slot: Box<dyn Accept>,
    ) -> Self {
        Self {
            call: StreamingCall::new(request, output, slot),
            summary: None,
        }
    }

    /// Creates a stream that consists of one error.
    pub(crate) fn failed(error: Error) -> Self {
        Self {
            call: StreamingCall::failed(error),
            summary: None,
        }
    }

    /// Returns the next piece of the text; `None` after the last one, or after an error. It works like
    /// `StreamExt::next` of the `futures` crates.
    ///
    /// It is cancel safe: no text is lost if the future is dropped before it completes, as in `select!`.
    ///
    /// # Errors
    ///
    /// Fails with the errors of awaiting the command. The text before the error has been returned.
    #[allow(
        clippy::should_implement_trait,
        reason = "the usual name for streams; this is not an iterator"
    )]
    pub fn next(&mut self) -> Next<'_> {
        Next(self)
    }

    /// Returns all pieces so far, as one text.
    #[must_use]
    pub fn text(&self) -> &str {
        match &self.summary {
            Some(summary) => &summary.text,
            None => self.call.text(),
        }
    }

    /// Returns the thinking text so far. It is never a part of the text.
    ///
    /// While a model only thinks, the stream returns no pieces, so this text may grow by a lot from one piece to the
    /// next.
    #[must_use]
    pub fn thinking(&self) -> &str {
        match &self.summary {
            Some(summary) => summary.thinking.as_deref().unwrap_or_default(),
            None => self.call.thinking(),
        }
    }

    /// Returns details about the answer once the server has sent its end; `None` before that, and if the end is
    /// missing.
    ///
    /// There is a summary after an error as well if the answer is complete but was not accepted: it was truncated or
    /// blank, or broke an `#[ensure]`.
    #[must_use]
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// Converts the stream to its [`summary`](Self::summary) without a copy.
    #[must_use]
    pub fn into_summary(self) -> Option<Summary> {
        self.summary
    }

    fn poll_text(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<String, Error>>> {
        let item = ready!(self.call.poll_text(context));
        if !matches!(item, Some(Ok(_)))
            && let Some(finished) = self.call.close()
        {
            self.summary = Some(Summary::from_finished(finished));
        }
        Poll::Ready(item)
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
        self.call.is_done()
    }
}

/// The future of [`TextStream::next`].
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
        f.debug_struct("TextStream")
            .field("state", &self.call.state_name())
            .field("summary", &self.summary)
            .finish_non_exhaustive()
    }
}
