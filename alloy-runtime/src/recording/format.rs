//! The form of recordings in a file.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::failure::{RecordedFailure, names};
use super::inquiry::RecordedInquiry;
use super::reply::{RecordedEvent, RecordedReply, RecordedWire};
use crate::endpoint::Protocol;

/// The contents of a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordingSet {
    format: u64,
    pub(crate) exchanges: Vec<Recording>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) inquiries: Vec<RecordedInquiry>,
}

impl RecordingSet {
    /// The version of the format. No other version is read.
    pub(crate) const FORMAT: u64 = 1;

    pub(crate) fn new(exchanges: Vec<Recording>, inquiries: Vec<RecordedInquiry>) -> Self {
        Self {
            format: Self::FORMAT,
            exchanges,
            inquiries,
        }
    }
}

/// One exchange with a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RecordingFields", into = "RecordingFields")]
pub(crate) struct Recording {
    pub(crate) protocol: Protocol,
    /// The name of the command.
    pub(crate) command: String,
    /// The body of the request.
    pub(crate) request: Value,
    pub(crate) reply: RecordedReply,
    /// The error that ended the reply, or that came in place of one.
    pub(crate) failure: Option<RecordedFailure>,
    /// `true` if the server's reply did not follow the protocol when it was recorded.
    pub(crate) is_malformed: bool,
}

/// The members of a [`Recording`] in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordingFields {
    protocol: String,
    command: String,
    request: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wire: Option<RecordedWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    events: Option<Vec<RecordedEvent>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<RecordedFailure>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    malformed: bool,
}

/// The protocols, by their names in a file.
const PROTOCOLS: [(&str, Protocol); 4] = [
    (Protocol::Native.name(), Protocol::Native),
    (Protocol::OpenaiChat.name(), Protocol::OpenaiChat),
    (Protocol::ChatCompletions.name(), Protocol::ChatCompletions),
    (Protocol::Engine.name(), Protocol::Engine),
];

impl TryFrom<RecordingFields> for Recording {
    type Error = String;

    fn try_from(fields: RecordingFields) -> Result<Self, String> {
        let RecordingFields {
            protocol,
            command,
            request,
            wire,
            events,
            failure,
            malformed,
        } = fields;
        let known = PROTOCOLS.iter().find(|(name, _)| *name == protocol);
        let Some((_, protocol)) = known else {
            let names = names(&PROTOCOLS);
            return Err(format!(
                "unknown protocol `{protocol}`; expected one of {names}"
            ));
        };
        let reply = match (wire, events) {
            (Some(wire), None) => RecordedReply::Wire(wire),
            (None, Some(events)) => {
                check_events(&events, failure.is_some())?;
                RecordedReply::Events(events)
            }
            (None, None) if failure.is_some() => RecordedReply::Nothing,
            _ => return Err("expected a reply: `wire`, `events` or `failure`".to_owned()),
        };
        Ok(Self {
            protocol: *protocol,
            command,
            request: Value::Object(request),
            reply,
            failure,
            is_malformed: malformed,
        })
    }
}

/// Checks that the end is the last event, and only that.
fn check_events(events: &[RecordedEvent], is_failed: bool) -> Result<(), String> {
    let ends = events.iter();
    let ends = ends.filter(|event| matches!(event, RecordedEvent::End(_)));
    let is_last = matches!(events.last(), Some(RecordedEvent::End(_)));
    match (ends.count(), is_last) {
        (1, true) => Ok(()),
        (0, _) if is_failed => Ok(()),
        _ => Err("expected the last of `events`, and no other, to be an object".to_owned()),
    }
}

impl From<Recording> for RecordingFields {
    fn from(recording: Recording) -> Self {
        let (wire, events) = match recording.reply {
            RecordedReply::Wire(wire) => (Some(wire), None),
            RecordedReply::Events(events) => (None, Some(events)),
            RecordedReply::Nothing => (None, None),
        };
        let request = match recording.request {
            Value::Object(request) => request,
            // NOTE: A request is an object.
            _ => Map::new(),
        };
        Self {
            protocol: recording.protocol.name().to_owned(),
            command: recording.command,
            request,
            wire,
            events,
            failure: recording.failure,
            malformed: recording.is_malformed,
        }
    }
}
