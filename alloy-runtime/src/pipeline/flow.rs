//! A text as it comes: opened like any other talk, then polled piece by piece.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tracing::{Instrument as _, Span};

use super::converse::{Answered, Spent, accept, look_first, told_of_context};
use super::deadline::DeadlineTimer;
use super::line::{Line, part_thinking};
use super::prepare::Prepared;
use super::source::Source;
use super::{Finished, failed, open, record_usage, send, start};
use crate::error::{Detail, Error};
use crate::global;
use crate::output::{Accept, Expectation, ThinkingFilter};
use crate::reply::Reply;
use crate::request::Request;
use crate::warning::Warning;
use crate::wire::Step;

/// The longest text that is kept, thinking included, in bytes.
const LONGEST_TEXT: usize = 16 * 1024 * 1024;

/// A stream whose reply has begun.
pub(crate) struct Flow {
    span: Span,
    stage: Stage,
    line: Line,
    deadline: DeadlineTimer,
    source: Box<dyn Source>,
    filter: ThinkingFilter,
    /// The text that was given out.
    text: String,
    /// What holds the whole text to the command's conditions.
    slot: Box<dyn Accept>,
    request: Box<Request>,
    prepared: Prepared,
    spent: Spent,
    /// The reply, once it has ended.
    reply: Option<Reply>,
}

enum Stage {
    Reading,
    /// What is left of the text was given out; the error comes next.
    Failing(Error),
    /// The reply has ended; the end of its body is waited for.
    Draining,
    /// The server is asked for its context, which the prompt may have filled.
    Looking(Pin<Box<dyn Future<Output = Option<u64>> + Send>>),
    Over,
}

/// Sends the request of a stream, and waits until its reply begins.
pub(crate) async fn stream(
    mut request: Box<Request>,
    expectation: &'static Expectation,
    slot: Box<dyn Accept>,
) -> Result<Flow, Error> {
    request.streamed = true;
    let (mut prepared, span) = start(&mut request, expectation)?;
    let line = open(&request, &prepared, &span)?;
    let mut spent = Spent::default();
    let begun = async {
        look_first(&line, &request, &mut prepared).await?;
        let body = &prepared.body;
        send::repeatedly(&line, &mut spent, false, || line.begin(body)).await
    };
    let source = begun.instrument(span.clone()).await;
    let source = source.map_err(|error| failed(error, &span, &line))?;
    Ok(Flow {
        span,
        stage: Stage::Reading,
        deadline: line.deadline().timer(),
        source,
        line,
        filter: ThinkingFilter::default(),
        text: String::new(),
        slot,
        request,
        prepared,
        spent,
        reply: None,
    })
}

impl Flow {
    /// The next piece of the text; `None` at the end. An error is the last but for that.
    pub(crate) fn poll_text(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<String, Error>>> {
        // Of a span that nobody listens to there is nothing to enter.
        let span = (!self.span.is_disabled()).then(|| self.span.clone());
        let _entered = span.as_ref().map(Span::enter);
        let runtime = self.line.runtime.clone();
        let _within = global::within(&runtime);
        loop {
            match &mut self.stage {
                Stage::Reading => {
                    if let Some(text) = ready!(self.poll_piece(context)) {
                        return Poll::Ready(Some(Ok(text)));
                    }
                }
                Stage::Draining => {
                    ready!(self.source.poll_drained(context));
                    if let Err(error) = self.take_reply() {
                        return self.fail(error);
                    }
                }
                Stage::Looking(looking) => {
                    let filled = ready!(looking.as_mut().poll(context));
                    self.prepared.warn_of_context(filled);
                    self.stage = Stage::Over;
                    if let Err(error) = self.accept() {
                        return self.fail(error);
                    }
                }
                Stage::Failing(_) => {
                    if let Stage::Failing(error) = std::mem::replace(&mut self.stage, Stage::Over) {
                        return self.fail(error);
                    }
                }
                Stage::Over => return Poll::Ready(None),
            }
        }
    }

    /// Reads on; `None` where that gave no text, and the next stage may be another.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<String>> {
        let step = self.source.step();
        let more = match &step {
            Ok(Step::Text(text)) => text.len(),
            _ => 0,
        };
        let kept = self.text.len() + self.filter.held() + self.source.kept() + more;
        let failure = match step {
            Ok(_) if kept > LONGEST_TEXT => too_long(),
            Ok(Step::Text(text)) => {
                let text = self.filter.push(text);
                return Poll::Ready(text.map(|text| self.given(text)));
            }
            Ok(Step::End) => return Poll::Ready(self.end(None)),
            Ok(Step::More) => match ready!(self.poll_more(context)) {
                Ok(()) => return Poll::Ready(None),
                Err(error) => error,
            },
            Err(error) => error,
        };
        Poll::Ready(self.end(Some(failure)))
    }

    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let more = self.source.poll_more(context);
        if let Poll::Ready(Err(_)) = more {
            // Of a runtime that is gone there is no timer to be asked.
            return more;
        }
        match self.deadline.poll(context) {
            Poll::Ready(error) => Poll::Ready(Err(error)),
            Poll::Pending => more,
        }
    }

    /// The reply ends, with or without an error. What was held back of the text comes first.
    fn end(&mut self, error: Option<Error>) -> Option<String> {
        self.stage = match error {
            Some(error) => Stage::Failing(error),
            None => Stage::Draining,
        };
        self.filter.rest().map(|text| self.given(text))
    }

    /// Keeps what is given out.
    fn given(&mut self, text: String) -> String {
        self.text += &text;
        text
    }

    /// The reply, whole; whether its context was filled is looked at where that may be.
    fn take_reply(&mut self) -> Result<(), Error> {
        self.stage = Stage::Over;
        let mut reply = self.source.reply(self.text.clone())?;
        part_thinking(&mut reply);
        if reply.thought_in_text {
            let warning = Warning::ThinkingStreamed;
            tracing::warn!("{warning}");
            self.prepared.warnings.push(warning);
        }
        // As `thinking` has it while the text comes.
        let inline = self.filter.thinking();
        if reply.thinking.is_none() && !inline.is_empty() {
            reply.thinking = Some(inline.to_owned());
        }
        self.spent.attempts = 1;
        self.spent.read(&reply);
        record_usage(&self.span, reply.usage);
        self.prepared.record_answer(&self.span, &reply);
        let may_have_cut = self.line.may_have_cut(&reply);
        let usage = reply.usage;
        self.reply = Some(reply);
        if may_have_cut {
            let line = self.line.clone();
            let looking = async move { line.context_filled(usage).await };
            self.stage = Stage::Looking(Box::pin(looking));
            return Ok(());
        }
        self.accept()
    }

    /// Holds the whole text to what any text of a command is held to.
    fn accept(&mut self) -> Result<(), Error> {
        let Some(reply) = &self.reply else {
            return Ok(());
        };
        let accepted = accept(reply, self.prepared.expectation, &mut *self.slot);
        let filled = self.prepared.filled_context();
        accepted.map_or_else(|error| Err(told_of_context(error, filled)), |_| Ok(()))
    }

    /// The error that the stream ends with, named, with the text before it.
    fn fail(&mut self, error: Error) -> Poll<Option<Result<String, Error>>> {
        self.stage = Stage::Over;
        let error = match self.text() {
            "" => error,
            text => error.after_text(text.to_owned()),
        };
        let error = failed(self.spent.told(error), &self.span, &self.line);
        Poll::Ready(Some(Err(error)))
    }

    /// The text that was given out.
    pub(crate) fn text(&self) -> &str {
        match &self.reply {
            Some(reply) => &reply.text,
            None => &self.text,
        }
    }

    /// The thinking text so far.
    pub(crate) fn thinking(&self) -> &str {
        match (&self.reply, self.source.thinking()) {
            (Some(reply), _) => reply.thinking.as_deref().unwrap_or_default(),
            (None, "") => self.filter.thinking(),
            (None, thinking) => thinking,
        }
    }

    /// Everything about a reply that came to its end; `None` where it did not.
    pub(crate) fn into_finished(self) -> Option<Finished> {
        Some(Finished {
            request: self.request,
            prepared: self.prepared,
            answered: Answered {
                reply: self.reply?,
                spent: self.spent,
                repairs: Vec::new(),
            },
        })
    }
}

fn too_long() -> Error {
    Error::new(Detail::Protocol {
        found: "its text is longer than 16 MiB".into(),
        excerpt: String::new(),
    })
}
