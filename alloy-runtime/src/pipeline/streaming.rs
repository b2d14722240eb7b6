//! Drives one streamed text: sends the request, yields deltas, checks the whole text at the end.

mod open_reply;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tracing::Span;

use self::open_reply::{ContextWindowCheck, OpenReply, Progress};
use super::Finished;
use super::inspect::ContextCheck;
use crate::error::Error;
use crate::global;
use crate::output::{Accept, OutputSpec};
use crate::request::Request;

/// A streamed text.
pub(crate) struct StreamingCall {
    state: State,
    /// The open reply, until the stream ends.
    open: Option<Box<OpenReply>>,
    /// The text of a stream that ended without a whole reply.
    partial_text: String,
    /// Its thinking.
    thinking: String,
}

enum State {
    /// The request is sent, and the reply has not begun.
    Opening(Opening),
    Reading,
    /// The reply has ended; the rest of its body is awaited.
    Draining,
    /// Asks the server for the model's context, which the prompt may have filled.
    CheckingContextWindow(ContextWindowCheck),
    /// The error is the next item.
    Failing(Error),
    Done,
}

type Opening = Pin<Box<dyn Future<Output = Result<Box<OpenReply>, Error>> + Send>>;

impl StreamingCall {
    /// A stream that sends its request when it is first polled.
    pub(crate) fn new(
        request: Box<Request>,
        output: &'static OutputSpec,
        slot: Box<dyn Accept>,
    ) -> Self {
        Self::in_state(State::Opening(Box::pin(OpenReply::begin(
            request, output, slot,
        ))))
    }

    /// A stream of one error.
    pub(crate) fn failed(error: Error) -> Self {
        Self::in_state(State::Failing(error))
    }

    fn in_state(state: State) -> Self {
        Self {
            state,
            open: None,
            partial_text: String::new(),
            thinking: String::new(),
        }
    }

    /// Returns `true` if nothing follows.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Returns the state for `Debug`.
    pub(crate) fn state_name(&self) -> &'static str {
        match self.state {
            State::Opening(_) => "opening",
            State::Reading | State::Draining | State::CheckingContextWindow(_) => "reading",
            State::Failing(_) => "failing",
            State::Done => "done",
        }
    }

    /// Returns the next delta of the text; `None` at the end. An error is the last item before it.
    pub(crate) fn poll_text(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<String, Error>>> {
        if let State::Opening(opening) = &mut self.state {
            self.state = match ready!(opening.as_mut().poll(context)) {
                Ok(open) => {
                    self.open = Some(open);
                    State::Reading
                }
                Err(error) => State::Failing(error),
            };
        }
        let Some(open) = &mut self.open else {
            return Poll::Ready(match std::mem::replace(&mut self.state, State::Done) {
                State::Failing(error) => Some(Err(error)),
                _ => None,
            });
        };
        // Entering a disabled span would only cost time. Cloned, because `open` is borrowed mutably below.
        let span = open.span();
        let span = (!span.is_disabled()).then(|| Span::clone(span));
        let _entered = span.as_ref().map(Span::enter);
        let runtime = open.runtime();
        let _runtime = global::enter_if_outside(&runtime);
        loop {
            match &mut self.state {
                State::Reading => match ready!(open.poll_delta(context)) {
                    Progress::Text(text) => return Poll::Ready(Some(Ok(text))),
                    Progress::None => {}
                    Progress::End(end, rest) => {
                        self.state = end.map_or(State::Draining, State::Failing);
                        if let Some(text) = rest {
                            return Poll::Ready(Some(Ok(text)));
                        }
                    }
                },
                State::Draining => {
                    ready!(open.poll_drained(context));
                    self.state = match open.take_reply() {
                        Ok(None) => State::after(open.check_answer(ContextCheck::default())),
                        Ok(Some(check)) => State::CheckingContextWindow(check),
                        Err(error) => State::Failing(error),
                    };
                }
                State::CheckingContextWindow(check) => {
                    let misfit = ready!(check.as_mut().poll(context));
                    let answer = open.check_answer_in_context(misfit);
                    self.state = State::after(answer);
                }
                State::Failing(_) | State::Opening(_) | State::Done => {
                    let item = match std::mem::replace(&mut self.state, State::Done) {
                        State::Failing(error) => Some(Err(open.fail(error))),
                        _ => None,
                    };
                    return Poll::Ready(item);
                }
            }
        }
    }

    /// Returns the text so far.
    pub(crate) fn text(&self) -> &str {
        match &self.open {
            Some(open) => open.text(),
            None => &self.partial_text,
        }
    }

    /// Returns the thinking so far.
    pub(crate) fn thinking(&self) -> &str {
        match &self.open {
            Some(open) => open.thinking(),
            None => &self.thinking,
        }
    }

    /// Closes a stream that is done, which releases its connection. Returns the whole reply, if it came to its end.
    pub(crate) fn close(&mut self) -> Option<Finished> {
        match self.open.take()?.into_finished() {
            Ok(finished) => Some(finished),
            Err(partial) => {
                self.partial_text = partial.text;
                self.thinking = partial.thinking;
                None
            }
        }
    }
}

impl State {
    /// The state after the check of the answer.
    fn after(answer: Result<(), Error>) -> Self {
        answer.map_or_else(Self::Failing, |()| Self::Done)
    }
}
