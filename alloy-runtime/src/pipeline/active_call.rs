//! A command that has begun: its call, its backend, its runtime and its span.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use super::counters::Counters;
use super::resolve::resolve;
use super::tally::Tally;
use super::trace::{self, CommandSpan};
use super::transcript::Transcript;
use crate::backend::{ActiveBackend, CallInfo, EncodedRequest};
use crate::config::Settings;
use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind};
use crate::global::{self, Runtime};
use crate::output::OutputSpec;
use crate::request::Request;

/// The models to ask if the model of a command cannot answer.
pub(super) struct Fallback {
    /// The models that were not asked yet.
    pub(super) remaining: VecDeque<String>,
    /// The models that could not answer, and why.
    pub(super) failed: Vec<(String, ErrorKind)>,
}

impl Fallback {
    /// Reads the models of the settings; `None` if there are none.
    fn new(info: &CallInfo) -> Option<Box<Self>> {
        let models = info.resolved.settings.fallback.as_ref()?;
        let remaining = models.value.split(',').map(|model| model.trim().to_owned());
        Some(Box::new(Self {
            remaining: remaining.collect(),
            failed: Vec::new(),
        }))
    }
}

/// A command that has begun.
pub(super) struct ActiveCall {
    pub(super) request: Box<Request>,
    pub(super) info: Arc<CallInfo>,
    pub(super) backend: ActiveBackend,
    /// The runtime of its timers and connections, wherever the command is polled later.
    pub(super) runtime: Runtime,
    pub(super) span: CommandSpan,
    /// The other models, if the settings name any.
    pub(super) fallback: Option<Box<Fallback>>,
}

impl ActiveCall {
    /// Resolves a call, opens its span and selects its backend. The time of the command begins here.
    ///
    /// # Errors
    ///
    /// A setting is missing or not valid, or there is no tokio runtime.
    pub(super) fn start(
        mut request: Box<Request>,
        output: &'static OutputSpec,
    ) -> Result<(Self, Tally), Error> {
        if let Some(error) = request.deferred_error.take() {
            return Err(error.with_command(request.definition.name()));
        }
        let overrides = request.overrides.take();
        let info = resolve(&request, overrides, output)?;
        let mut span = trace::command_span(&request, &info);
        let info = Arc::new(info);
        let mut tally = Tally::start(&info);
        let opened = global::runtime().and_then(|runtime| {
            let backend = &info.resolved.settings.backend.value;
            Ok((
                runtime,
                ActiveBackend::select(backend, &info.resolved.endpoint)?,
            ))
        });
        match opened {
            Ok((runtime, backend)) => {
                let call = Self {
                    request,
                    fallback: Fallback::new(&info),
                    info,
                    backend,
                    runtime,
                    span,
                };
                Ok((call, tally))
            }
            Err(error) => {
                span.fail(&error);
                tally.fail(&error);
                Err(info.resolved.attach_to(error.with_command(info.command)))
            }
        }
    }

    /// Polls a future in the runtime and the span of the command.
    // NOTE: No async function: its future would hold its parameters twice.
    pub(super) fn entered<F: Future + Unpin>(
        &self,
        mut future: F,
    ) -> impl Future<Output = F::Output> {
        poll_fn(move |context| {
            let _runtime = global::enter_if_outside(&self.runtime);
            let _entered = self.span.enter();
            Pin::new(&mut future).poll(context)
        })
    }

    /// Returns an empty transcript, which offers the tools that the command has.
    pub(super) fn transcript(&self) -> Transcript {
        Transcript::new(self.info.toolset.is_some())
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.info.resolved.settings
    }

    pub(super) fn deadline(&self) -> &Deadline {
        &self.info.deadline
    }

    /// Wraps an encoded body.
    pub(super) fn encoded(&self, body: Bytes) -> EncodedRequest {
        EncodedRequest {
            info: Arc::clone(&self.info),
            body,
        }
    }

    /// Adds everything about the command to an error: counters, tool results, names and server. Redacts the key from it.
    pub(super) fn attach_to(
        &self,
        error: Error,
        counters: Counters,
        transcript: &Transcript,
    ) -> Error {
        let error = counters
            .attach_to(error)
            .with_tool_results(transcript.tool_results());
        let error = error
            .with_command(self.info.command)
            .with_token_limit(self.settings().max_tokens.is_some());
        self.info.resolved.attach_to(error)
    }
}
