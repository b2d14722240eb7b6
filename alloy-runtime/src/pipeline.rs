//! Runs commands: resolve, encode, exchange, decode, and again after tool calls or a rejected answer.
//!
//! [`conversation`] drives a command to its value, [`streaming`] yields a text as it arrives. Both send with
//! [`retry`], and both know a command as an [`active_call`].

mod active_call;
mod conversation;
mod counters;
mod encode;
mod fallback;
mod inspect;
mod reask;
mod reply_stream;
mod resolve;
mod retry;
mod stored;
mod streaming;
mod tally;
mod text_tool_calls;
mod tools;
mod trace;
mod transcript;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

pub(crate) use self::conversation::AcceptedAnswer;
pub(crate) use self::encode::encode;
pub(crate) use self::resolve::{resolve, system_message};
use self::stored::Lookup;
pub(crate) use self::stored::keep;
pub(crate) use self::streaming::StreamingCall;
pub(crate) use self::transcript::Transcript;
use crate::backend::{ActiveBackend, CallInfo, Inquiry, Inspection};
use crate::config::{Api, Layer};
use crate::deadline::Deadline;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::global;
use crate::installed::InstalledModel;
use crate::message::Message;
use crate::output::{Accept, OutputSpec};
use crate::request::Request;

/// A command whose answer was accepted.
pub(crate) struct Finished {
    pub(crate) request: Box<Request>,
    pub(crate) info: Arc<CallInfo>,
    pub(crate) transcript: Transcript,
    pub(crate) answer: AcceptedAnswer,
    /// The models that could not answer before, and why.
    pub(crate) fell_back: Vec<(String, ErrorKind)>,
    pub(crate) source: AnswerSource,
}

/// The source of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerSource {
    Model,
    Cache,
    Journal,
}

impl Finished {
    /// Returns the conversation: history, prompt, tool turns and answer.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let reply = &self.answer.reply;
        let mut messages = self.request.conversation();
        messages.extend_from_slice(self.transcript.messages());
        let mut answer = Message::assistant(reply.text.as_str());
        answer.thinking.clone_from(&reply.thinking);
        messages.push(answer);
        messages
    }
}

/// Runs a command until its value is in `slot`.
///
/// # Errors
///
/// All errors of a command.
#[expect(
    clippy::manual_async_fn,
    reason = "the future of an async function holds its parameters twice"
)]
pub(crate) fn run<'a>(
    request: Box<Request>,
    output: &'static OutputSpec,
    slot: &'a mut dyn Accept,
) -> impl Future<Output = Result<Finished, Error>> + 'a {
    async move {
        let (mut call, mut tally) = fallback::start(request, output)?;
        if stored::is_stored(&call) {
            // Boxed: a command without a cache does not hold this future.
            let finding = Box::pin(stored::find(&call, slot));
            match call.entered(finding).await {
                Ok(Lookup::Found(found)) => return Ok(stored::finish(call, tally, *found)),
                Ok(Lookup::Missing(places)) => call.request.places = Some(places),
                Err(error) => {
                    call.span.fail(&error);
                    tally.fail(&error);
                    return Err(error);
                }
            }
        }
        loop {
            let mut transcript = call.transcript();
            let answer = {
                let running = pin!(conversation::run_conversation(
                    &call,
                    &mut transcript,
                    &mut tally.counters,
                    slot
                ));
                call.entered(running).await
            };
            let error = match answer {
                Ok(answer) => {
                    call.span.finish(answer.counters.usage);
                    tally.finish();
                    return Ok(Finished {
                        fell_back: fallback::fell_back(&mut call),
                        request: call.request,
                        info: call.info,
                        transcript,
                        answer,
                        source: AnswerSource::Model,
                    });
                }
                Err(error) => error,
            };
            if let Err(error) = fallback::switch(&mut call, &mut tally, error) {
                call.span.fail(&error);
                tally.fail(&error);
                return Err(error);
            }
        }
    }
}

/// Lists the models of the Ollama server that is configured.
///
/// # Errors
///
/// The settings are not valid, or the server cannot be reached, is not Ollama, or answers with an error.
pub(crate) async fn installed_models() -> Result<Vec<InstalledModel>, Error> {
    let scope = global::scope();
    #[cfg(feature = "testing")]
    if scope.is_none() {
        global::check_scope()?;
    }
    let settings = resolve::settings(None, &Layer::EMPTY, scope.as_deref())?;
    let endpoint = Endpoint::ollama(&settings, Api::Native);
    let deadline = Deadline::after(settings.timeout.as_ref().map(|set| set.value));
    let backend = ActiveBackend::select(&settings.backend.value, &endpoint)?;
    let inquiry = Inquiry::InstalledModels {
        is_for_error: false,
    };
    let inspection = backend.inspect(&endpoint, inquiry);
    match deadline.run(pin!(inspection)).await {
        Ok(Inspection::InstalledModels(models)) => Ok(models),
        Ok(_) => Ok(Vec::new()),
        Err(error) => Err(endpoint.attach_to(error)),
    }
}
