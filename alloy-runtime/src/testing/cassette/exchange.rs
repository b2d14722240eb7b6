//! The cassette as a backend.

use std::sync::Arc;

use futures_util::stream;

use super::replay::Replay;
use super::state::LiveResult;
use super::tap::{TappedEvents, TappedResponse, recorded_wire};
use super::tape::{NextExchange, Tape};
use crate::backend::{
    ActiveBackend, BackendReply, EncodedRequest, Exchange, Inquiry, Inspection, Operation,
    StreamedReply, WireResponse,
};
use crate::config::SettingSource;
use crate::endpoint::{Endpoint, Protocol};
use crate::error::{Error, ErrorKind};
use crate::recording::{
    RecordedAnswer, RecordedBody, RecordedEvent, RecordedFailure, RecordedInquiry, RecordedReply,
    Recording,
};
use crate::reply::ReplyEvent;
use crate::store::StoredReply;

impl Exchange for Arc<Tape> {
    fn has_server(&self) -> bool {
        self.info.mode.is_recording()
    }

    fn send(&self, request: EncodedRequest) -> Operation<'_, BackendReply> {
        Box::pin(async move {
            let index = match self.next(&request)? {
                NextExchange::Play(recording) => return whole(&recording),
                NextExchange::Send(index) => index,
            };
            let reply = match real(&request) {
                Ok(real) => real.send(&request).await,
                Err(error) => Err(error),
            };
            self.record(
                index,
                match &reply {
                    Ok(BackendReply::Wire(raw)) => {
                        let body = RecordedBody::whole(&raw.body);
                        let wire = recorded_wire(
                            raw.status,
                            None,
                            raw.location.clone(),
                            raw.retry_after,
                            body,
                        );
                        LiveResult::Replied(RecordedReply::Wire(wire), None)
                    }
                    Ok(BackendReply::Decoded(reply)) => {
                        let end = RecordedEvent::End(Box::new(StoredReply::new(reply, false)));
                        LiveResult::Replied(RecordedReply::Events(vec![end]), None)
                    }
                    Err(error) => failed(&request, error),
                },
            );
            reply
        })
    }

    fn stream(&self, request: EncodedRequest) -> Operation<'_, StreamedReply> {
        Box::pin(async move {
            let index = match self.next(&request)? {
                NextExchange::Play(recording) => return streamed(&recording),
                NextExchange::Send(index) => index,
            };
            let reply = match real(&request) {
                Ok(real) => real.stream(&request).await,
                Err(error) => Err(error),
            };
            let tapped = match reply {
                Ok(StreamedReply::Wire(response)) => {
                    let protocol = request.info.resolved.endpoint.protocol();
                    let tapped = TappedResponse::new(response, protocol, Arc::clone(self), index);
                    StreamedReply::Wire(WireResponse::StandIn(Box::new(tapped)))
                }
                Ok(StreamedReply::Events(events)) => {
                    let tapped = TappedEvents::new(events, Arc::clone(self), index);
                    StreamedReply::Events(Box::pin(tapped))
                }
                Err(error) => {
                    self.record(index, failed(&request, &error));
                    return Err(error);
                }
            };
            Ok(tapped)
        })
    }

    fn inspect<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        inquiry: Inquiry<'a>,
    ) -> Operation<'a, Inspection> {
        Box::pin(async move {
            let is_same = |known: &RecordedInquiry| is_same_inquiry(known, inquiry);
            if let Some(answer) = self.recorded_inquiry(is_same) {
                return Ok(inspection(answer));
            }
            if !self.info.mode.is_recording() {
                return match inquiry {
                    Inquiry::InstalledModels {
                        is_for_error: false,
                    } => Err(self.unanswered_models()),
                    _ => Ok(Inspection::Unknown),
                };
            }
            let real = ActiveBackend::real(endpoint)?;
            let inspection = real.inspect(endpoint, inquiry).await?;
            if let Some(recorded) = recorded_inquiry(inquiry, &inspection) {
                self.record_inquiry(recorded);
            }
            Ok(inspection)
        })
    }
}

/// Returns the real backend of a request.
///
/// # Errors
///
/// It is not available, or no model is set: a stand-in needs none, but a recording does.
fn real(request: &EncodedRequest) -> Result<ActiveBackend, Error> {
    let resolved = &request.info.resolved;
    let model = resolved.settings.model.as_ref();
    if model.is_none_or(|model| model.source == SettingSource::Default) {
        return Err(Error::configuration(
            "no model is set; to record a cassette, set ALLOY_MODEL, for example ALLOY_MODEL=ollama:llama3.1",
            "Set ALLOY_MODEL, or name the model where the command is declared.",
        ));
    }
    ActiveBackend::real(&resolved.endpoint)
}

/// Returns the result of a request without a reply. An error of the engine is its reply.
fn failed(request: &EncodedRequest, error: &Error) -> LiveResult {
    let is_engine = request.info.resolved.endpoint.protocol() == Protocol::Engine;
    let failure = RecordedFailure::new(error);
    match failure.filter(|_| is_engine && error.kind() != ErrorKind::Interrupted) {
        Some(failure) => LiveResult::Replied(RecordedReply::Nothing, Some(failure)),
        None => {
            let (kind, help) = (error.kind(), error.help());
            LiveResult::Failed(format!("{kind:?}. {help}"))
        }
    }
}

/// Returns the recorded reply as a whole.
fn whole(recording: &Recording) -> Result<BackendReply, Error> {
    if let Some(failure) = &recording.failure {
        return Err(failure.error());
    }
    match &recording.reply {
        RecordedReply::Wire(wire) => {
            Ok(BackendReply::Wire(Replay::new(wire, None).into_raw_reply()))
        }
        RecordedReply::Events(events) => {
            let mut text = String::new();
            for event in events {
                match event {
                    RecordedEvent::Delta(delta) => text += delta,
                    RecordedEvent::End(end) => {
                        return Ok(BackendReply::Decoded(Box::new(end.reply(text))));
                    }
                }
            }
            Err(no_reply())
        }
        RecordedReply::Nothing => Err(no_reply()),
    }
}

/// Returns the recorded reply as a stream.
fn streamed(recording: &Recording) -> Result<StreamedReply, Error> {
    let failure = recording.failure.as_ref();
    match &recording.reply {
        RecordedReply::Wire(wire) => {
            let replay = Replay::new(wire, failure.map(RecordedFailure::error));
            Ok(StreamedReply::Wire(WireResponse::StandIn(Box::new(replay))))
        }
        RecordedReply::Events(events) => {
            let text = |event: &RecordedEvent| match event {
                RecordedEvent::Delta(delta) => Some(delta.clone()),
                RecordedEvent::End(_) => None,
            };
            let text: String = events.iter().filter_map(text).collect();
            let events = events.iter().map(|event| match event {
                RecordedEvent::Delta(delta) => Ok(ReplyEvent::Delta(delta.clone())),
                RecordedEvent::End(end) => Ok(ReplyEvent::Done(Box::new(end.reply(text.clone())))),
            });
            let events = events.chain(failure.map(|failure| Err(failure.error())));
            let events: Vec<_> = events.collect();
            Ok(StreamedReply::Events(Box::pin(stream::iter(events))))
        }
        RecordedReply::Nothing => Err(failure.map_or_else(no_reply, RecordedFailure::error)),
    }
}

// NOTE: A file with such a recording is not read.
fn no_reply() -> Error {
    Error::configuration("the recording has no reply", "Record it again.")
}

fn is_same_inquiry(known: &RecordedInquiry, inquiry: Inquiry<'_>) -> bool {
    match (&known.answer, inquiry) {
        (RecordedAnswer::InstalledModels(_), Inquiry::InstalledModels { .. }) => true,
        (RecordedAnswer::Capabilities(_), Inquiry::Capabilities { model })
        | (RecordedAnswer::LoadedContext(_), Inquiry::LoadedContext { model }) => {
            known.model.as_deref() == Some(model)
        }
        _ => false,
    }
}

fn inspection(answer: RecordedAnswer) -> Inspection {
    match answer {
        RecordedAnswer::InstalledModels(models) => {
            Inspection::InstalledModels(models.iter().map(Into::into).collect())
        }
        RecordedAnswer::Capabilities(known) => {
            known.map_or(Inspection::Unknown, Inspection::Capabilities)
        }
        RecordedAnswer::LoadedContext(tokens) => {
            tokens.map_or(Inspection::Unknown, Inspection::LoadedContext)
        }
    }
}

fn recorded_inquiry(inquiry: Inquiry<'_>, inspection: &Inspection) -> Option<RecordedInquiry> {
    let (model, answer) = match (inquiry, inspection) {
        (Inquiry::InstalledModels { .. }, Inspection::InstalledModels(models)) => {
            let models = models.iter().map(Into::into).collect();
            (None, RecordedAnswer::InstalledModels(models))
        }
        (Inquiry::InstalledModels { .. }, _) => (None, RecordedAnswer::InstalledModels(Vec::new())),
        (Inquiry::Capabilities { model }, Inspection::Capabilities(known)) => (
            Some(model),
            RecordedAnswer::Capabilities(Some(known.clone())),
        ),
        (Inquiry::Capabilities { model }, _) => (Some(model), RecordedAnswer::Capabilities(None)),
        (Inquiry::LoadedContext { model }, Inspection::LoadedContext(tokens)) => {
            (Some(model), RecordedAnswer::LoadedContext(Some(*tokens)))
        }
        (Inquiry::LoadedContext { model }, _) => (Some(model), RecordedAnswer::LoadedContext(None)),
        // Only the cache asks for it, and a stand-in has none.
        (Inquiry::Digest { .. }, _) => return None,
    };
    Some(RecordedInquiry {
        model: model.map(str::to_owned),
        answer,
    })
}
