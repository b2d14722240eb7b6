//! Replies in recordings: the response of a server, or decoded events.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::store::StoredReply;

/// The reply of an exchange.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RecordedReply {
    /// The response of a server.
    Wire(RecordedWire),
    /// The events of a reply that needs no decoding.
    Events(Vec<RecordedEvent>),
    /// No reply, but a failure.
    Nothing,
}

/// The response of a server: the parts of its head that a reply needs, and its body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WireFields", into = "WireFields")]
pub(crate) struct RecordedWire {
    pub(crate) status: u16,
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) location: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: RecordedBody,
}

/// The body of a response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RecordedBody {
    /// An object or a list as it is, anything else as a string.
    Whole(Value),
    /// A streamed body, cut at the ends of lines or events.
    Pieces(Vec<String>),
}

/// An event of a reply that needs no decoding: a delta of the text as a string, or the end as an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RecordedEvent {
    Delta(String),
    End(Box<StoredReply>),
}

/// The members of a [`RecordedWire`] in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFields {
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pieces: Option<Vec<String>>,
}

impl TryFrom<WireFields> for RecordedWire {
    type Error = String;

    fn try_from(fields: WireFields) -> Result<Self, String> {
        let WireFields {
            status,
            retry_after_ms,
            location,
            content_type,
            body,
            pieces,
        } = fields;
        if !(100..1000).contains(&status) {
            return Err(format!("`status` is {status}; expected one such as 200"));
        }
        let body = match (body, pieces) {
            (Some(body), None) => RecordedBody::Whole(body),
            (None, Some(pieces)) => RecordedBody::Pieces(pieces),
            _ => return Err("expected either `body` or `pieces`".to_owned()),
        };
        Ok(Self {
            status,
            retry_after_ms,
            location,
            content_type,
            body,
        })
    }
}

impl From<RecordedWire> for WireFields {
    fn from(wire: RecordedWire) -> Self {
        let (body, pieces) = match wire.body {
            RecordedBody::Whole(body) => (Some(body), None),
            RecordedBody::Pieces(pieces) => (None, Some(pieces)),
        };
        Self {
            status: wire.status,
            retry_after_ms: wire.retry_after_ms,
            location: wire.location,
            content_type: wire.content_type,
            body,
            pieces,
        }
    }
}

impl RecordedBody {
    /// Keeps a whole body: as JSON if it is an object or a list. Bytes that are not UTF-8 are replaced.
    pub(crate) fn whole(body: &[u8]) -> Self {
        let json = serde_json::from_slice(body).ok();
        let json = json.filter(|json: &Value| json.is_object() || json.is_array());
        Self::Whole(json.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned().into()))
    }

    /// Cuts a streamed body after each event, or else after each line.
    pub(crate) fn pieces(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let mut pieces = Vec::new();
        let mut piece = String::new();
        let by_event = is_events(&text);
        for line in text.split_inclusive('\n') {
            piece += line;
            if line.ends_with('\n') && (!by_event || line.trim_end().is_empty()) {
                pieces.push(std::mem::take(&mut piece));
            }
        }
        if !piece.is_empty() {
            pieces.push(piece);
        }
        Self::Pieces(pieces)
    }

    /// Returns the bytes of the body, in pieces.
    pub(crate) fn chunks(&self) -> Vec<String> {
        match self {
            Self::Whole(Value::String(text)) => vec![text.clone()],
            Self::Whole(json) => vec![json.to_string()],
            Self::Pieces(pieces) => pieces.clone(),
        }
    }
}

/// Returns `true` if a body consists of server-sent events.
fn is_events(body: &str) -> bool {
    let fields = ["data:", "event:", "id:", "retry:", ":"];
    fields
        .iter()
        .any(|field| body.trim_start().starts_with(field))
}

impl Serialize for RecordedEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Delta(text) => serializer.serialize_str(text),
            Self::End(end) => end.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for RecordedEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;

        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Delta(text)),
            end @ Value::Object(_) => {
                let end = serde_json::from_value(end).map_err(D::Error::custom)?;
                Ok(Self::End(Box::new(end)))
            }
            other => Err(D::Error::custom(format!(
                "an event is {other}; expected a string, or an object that ends the reply"
            ))),
        }
    }
}
