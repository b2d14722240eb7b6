//! A streamed reply that has begun: its text so far, and the checks of its end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tracing::{Instrument as _, Span};

use super::super::active_call::ActiveCall;
use super::super::conversation::{AcceptedAnswer, accept, unknown_end};
use super::super::encode::encode;
use super::super::fallback;
use super::super::inspect::{self, ContextCheck, Misfit, PromptSize, misfit};
use super::super::reply_stream::ReplyStream;
use super::super::retry::{self, split_inline_thinking, stream_once};
use super::super::tally::Tally;
use super::super::transcript::Transcript;
use super::super::{AnswerSource, Finished, trace};
use crate::deadline::DeadlineTimer;
use crate::error::{Error, ServerError};
use crate::global::Runtime;
use crate::output::{Accept, OutputSpec, ThinkingFilter};
use crate::reply::Reply;
use crate::request::Request;
use crate::warning::Warning;
use crate::wire::StreamEvent;

/// The longest text that is kept, thinking included, in bytes.
const MAX_TEXT: usize = 16 * 1024 * 1024;

/// Resolves to the way in which the prompt did not fit into the context, if it did not.
pub(super) type ContextWindowCheck = Pin<Box<dyn Future<Output = Option<Misfit>> + Send>>;

/// A stream whose reply has begun.
pub(super) struct OpenReply {
    call: ActiveCall,
    transcript: Transcript,
    tally: Tally,
    warnings: Vec<Warning>,
    deadline: DeadlineTimer,
    stream: Box<dyn ReplyStream>,
    filter: ThinkingFilter,
    /// The text so far, until the reply takes it over.
    text: String,
    /// Checks the whole text against the conditions of the command.
    slot: Box<dyn Accept>,
    /// The reply, once it has ended.
    reply: Option<Reply>,
}

/// The result of reading on.
pub(super) enum Progress {
    /// A piece of the text.
    Text(String),
    /// Nothing that belongs to the text.
    None,
    /// The end of the reply, or an error, and what had been held back of the text.
    End(Option<Error>, Option<String>),
}

/// The end of a stream that broke off.
pub(super) struct PartialReply {
    pub(super) text: String,
    pub(super) thinking: String,
}

impl OpenReply {
    /// Sends the request of a stream, and waits until its reply begins.
    pub(super) async fn begin(
        mut request: Box<Request>,
        output: &'static OutputSpec,
        slot: Box<dyn Accept>,
    ) -> Result<Box<Self>, Error> {
        request.streamed = true;
        let (mut call, mut tally) = fallback::start(request, output)?;
        let transcript = call.transcript();
        loop {
            let sent = async {
                let (body, unsupported) = encode(&call.request, &call.info, &transcript);
                let warnings = inspect::preflight(&call, unsupported).await?;
                let request = call.encoded(body);
                let send = || stream_once(&call, &request);
                let stream = retry::send_with_retry(&call, &mut tally.counters, None, send).await?;
                Ok((warnings, stream))
            };
            let error = match sent.instrument(Span::clone(&call.span)).await {
                Ok((warnings, stream)) => {
                    return Ok(Box::new(Self {
                        deadline: call.deadline().timer(),
                        call,
                        transcript,
                        tally,
                        warnings,
                        stream,
                        filter: ThinkingFilter::default(),
                        text: String::new(),
                        slot,
                        reply: None,
                    }));
                }
                Err(error) => call.attach_to(error, tally.counters, &transcript),
            };
            if let Err(error) = fallback::switch(&mut call, &mut tally, error) {
                call.span.fail(&error);
                tally.fail(&error);
                return Err(error);
            }
        }
    }

    pub(super) fn poll_delta(&mut self, context: &mut Context<'_>) -> Poll<Progress> {
        let event = self.stream.next_event();
        let more = match &event {
            Ok(StreamEvent::Delta(text)) => text.len(),
            _ => 0,
        };
        let buffered = self.filter.held() + self.stream.buffered_len();
        let error = match event {
            Ok(_) if self.text.len() + buffered + more > MAX_TEXT => too_long(),
            Ok(StreamEvent::Delta(text)) => {
                let text = self.filter.push(text);
                return Poll::Ready(
                    text.map_or(Progress::None, |text| Progress::Text(self.keep(text))),
                );
            }
            Ok(StreamEvent::NeedsInput) => match ready!(self.poll_input(context)) {
                Ok(()) => return Poll::Ready(Progress::None),
                Err(error) => error,
            },
            Ok(StreamEvent::Done) => return Poll::Ready(self.end(None)),
            Err(error) => error,
        };
        Poll::Ready(self.end(Some(error)))
    }

    fn poll_input(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let input = self.stream.poll_input(context);
        if let Poll::Ready(Err(_)) = input {
            // The runtime may be gone, and with it the timer.
            return input;
        }
        match self.deadline.poll(context) {
            Poll::Ready(error) => Poll::Ready(Err(error)),
            Poll::Pending => input,
        }
    }

    fn end(&mut self, error: Option<Error>) -> Progress {
        let rest = self.filter.rest().map(|text| self.keep(text));
        Progress::End(error, rest)
    }

    /// Keeps a piece of the text that the caller receives.
    fn keep(&mut self, text: String) -> String {
        self.text += &text;
        text
    }

    /// Takes over the whole reply. Returns the check of the context window, if one is needed.
    pub(super) fn take_reply(&mut self) -> Result<Option<ContextWindowCheck>, Error> {
        let mut reply = self.stream.finish()?;
        reply.text = std::mem::take(&mut self.text);
        split_inline_thinking(&mut reply);
        let streamed = reply
            .had_inline_thinking
            .then_some(Warning::ThinkingStreamed);
        for warning in streamed.into_iter().chain(unknown_end(&reply)) {
            tracing::warn!("{warning}");
            self.warnings.push(warning);
        }
        // `thinking()` returned this text while the stream was read.
        let inline = self.filter.thinking();
        if reply.thinking.is_none() && !inline.is_empty() {
            reply.thinking = Some(inline.to_owned());
        }
        self.tally.counters.attempts = 1;
        self.tally.counters.record_reply(&reply);
        self.call.request.count_usage(reply.usage);
        trace::record_reply(&self.call.span, self.call.settings(), &reply);
        let prompt = PromptSize::of(&self.call, &reply);
        let is_needed = ContextCheck::is_needed(&self.call, &reply);
        self.reply = Some(reply);
        if !is_needed {
            return Ok(None);
        }
        let (backend, info) = (self.call.backend.clone(), Arc::clone(&self.call.info));
        Ok(Some(Box::pin(async move {
            misfit(&backend, &info, prompt).await
        })))
    }

    /// Checks the whole text as any text of a command is checked.
    pub(super) fn check_answer(&mut self, context: ContextCheck) -> Result<(), Error> {
        let Some(reply) = &self.reply else {
            return Ok(());
        };
        accept(reply, self.call.info.output, &mut *self.slot)
            .map_err(|error| context.explain(error))?;
        self.call.span.finish(self.tally.counters.usage);
        self.tally.finish();
        Ok(())
    }

    /// Checks the whole text, given how the prompt did not fit into the context, if it did not.
    pub(super) fn check_answer_in_context(&mut self, misfit: Option<Misfit>) -> Result<(), Error> {
        let mut context = ContextCheck::default();
        self.warnings.extend(context.record(misfit));
        self.check_answer(context)
    }

    /// Takes the whole reply, if the stream came to its end.
    ///
    /// # Errors
    ///
    /// The text and the thinking so far, if it did not.
    pub(super) fn into_finished(mut self: Box<Self>) -> Result<Finished, PartialReply> {
        let Some(reply) = self.reply.take() else {
            return Err(PartialReply {
                thinking: self.thinking().to_owned(),
                text: self.text,
            });
        };
        Ok(Finished {
            fell_back: fallback::fell_back(&mut self.call),
            request: self.call.request,
            info: self.call.info,
            transcript: self.transcript,
            answer: AcceptedAnswer {
                reply: Box::new(reply),
                counters: self.tally.counters,
                repairs: Vec::new(),
                warnings: self.warnings,
            },
            source: AnswerSource::Model,
        })
    }

    pub(super) fn poll_drained(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.stream.poll_drained(context)
    }

    pub(super) fn span(&self) -> &Span {
        &self.call.span
    }

    /// Returns the runtime that the stream began on.
    pub(super) fn runtime(&self) -> Runtime {
        self.call.runtime.clone()
    }

    /// Completes the error that the stream ends with.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        let error = match self.text() {
            "" => error,
            text => error.with_partial_text(text.to_owned()),
        };
        self.call.span.fail(&error);
        self.tally.fail(&error);
        let counters = self.tally.counters;
        self.call.attach_to(error, counters, &self.transcript)
    }

    pub(super) fn text(&self) -> &str {
        match &self.reply {
            Some(reply) => &reply.text,
            None => &self.text,
        }
    }

    pub(super) fn thinking(&self) -> &str {
        match (&self.reply, self.stream.thinking()) {
            (Some(reply), _) => reply.thinking.as_deref().unwrap_or_default(),
            (None, "") => self.filter.thinking(),
            (None, thinking) => thinking,
        }
    }
}

fn too_long() -> Error {
    Error::new(ServerError::Protocol {
        found: "its text is longer than 16 MiB".into(),
        excerpt: String::new(),
    })
}
