//! The body of `POST /api/chat`.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::config::{KeepAlive, Think};
use crate::endpoint::Protocol;
use crate::message::{Image, Message, Role, ToolCall};
use crate::output::WireSchema;
use crate::wire::ChatRequest;
use crate::wire::messages::{MessageText, OutgoingMessage};
use crate::wire::options::{self, ModelOptions, OptionValue};
use crate::wire::tool_calls::CallArguments;

/// The body.
#[derive(Serialize)]
pub(crate) struct NativeBody<'a> {
    model: &'a str,
    messages: NativeMessages<'a>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<ThinkLevel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<KeepAliveSeconds>,
    #[serde(skip_serializing_if = "ModelOptions::is_empty")]
    options: ModelOptions<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shift: Option<OptionValue<'a>>,
    /// With `false`, the server rejects a prompt that is too long. Otherwise it drops the oldest messages and cuts
    /// the prompt without reporting it. That is wanted only where there is a history.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<OptionValue<'a>>,
}

impl<'a> NativeBody<'a> {
    pub(crate) fn new(request: &ChatRequest<'a>) -> Self {
        let no_history = request.history.is_empty();
        Self {
            model: request.model,
            messages: NativeMessages::new(request),
            stream: request.streamed,
            tools: request.tools.map(|tools| &*tools.json),
            format: Format::new(request, |schema| &schema.server),
            think: request.think().map(ThinkLevel),
            keep_alive: request.keep_alive().map(KeepAliveSeconds),
            options: ModelOptions::new(Protocol::Native, request),
            shift: options::get(request, "shift"),
            truncate: options::get(request, "truncate")
                .or(no_history.then_some(OptionValue::FALSE)),
        }
    }
}

/// JSON that the server must enforce: a schema, or `"json"` for any.
#[derive(Serialize)]
#[serde(untagged)]
pub(in crate::wire) enum Format<'a> {
    Schema(&'a RawValue),
    Any(&'static str),
}

impl<'a> Format<'a> {
    /// `select` takes the schema of one target.
    pub(in crate::wire) fn new(
        request: &ChatRequest<'a>,
        select: fn(&WireSchema) -> &RawValue,
    ) -> Option<Self> {
        request.typed.map(|_| match request.schema() {
            Some(schema) => Self::Schema(select(schema)),
            None => Self::Any("json"),
        })
    }
}

/// A level of thinking: `true`, `false` or the name of the level.
pub(in crate::wire) struct ThinkLevel(pub(in crate::wire) Think);

impl Serialize for ThinkLevel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Think::Off => serializer.serialize_bool(false),
            Think::On => serializer.serialize_bool(true),
            level => serializer.collect_str(&level),
        }
    }
}

/// A duration in seconds, an integer where possible; negative for no limit.
pub(in crate::wire) struct KeepAliveSeconds(pub(in crate::wire) KeepAlive);

impl Serialize for KeepAliveSeconds {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "`KeepAlive::seconds` is below 10 to the power of 10"
    )]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seconds = self.0.seconds();
        match seconds.fract() == 0.0 {
            true => serializer.serialize_i64(seconds as i64),
            false => serializer.serialize_f64(seconds),
        }
    }
}

/// The list of messages.
pub(in crate::wire) struct NativeMessages<'a>(ChatRequest<'a>);

impl<'a> NativeMessages<'a> {
    pub(in crate::wire) fn new(request: &ChatRequest<'a>) -> Self {
        Self(*request)
    }
}

impl Serialize for NativeMessages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.messages().map(NativeMessage::from))
    }
}

#[derive(Serialize)]
struct NativeMessage<'a> {
    role: Role,
    content: MessageText<'a>,
    /// In base64, without the prefix `data:`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    images: &'a [Image],
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
    /// Sent only with tool calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<&'a str>,
    #[serde(skip_serializing_if = "NativeCalls::is_empty")]
    tool_calls: NativeCalls<'a>,
}

impl<'a> From<OutgoingMessage<'a>> for NativeMessage<'a> {
    fn from(message: OutgoingMessage<'a>) -> Self {
        let stored = message.stored;
        let calls = stored.map_or(&[][..], |stored| &stored.tool_calls);
        let thinking = stored.filter(|_| !calls.is_empty());
        let thinking = thinking.and_then(|stored| stored.thinking.as_deref());
        let of_stored = |field: fn(&Message) -> &Option<String>| {
            stored.and_then(|stored| field(stored).as_deref())
        };
        Self {
            role: message.role,
            content: message.content,
            images: message.images,
            tool_name: of_stored(|stored| &stored.tool_name),
            tool_call_id: of_stored(|stored| &stored.tool_call_id),
            thinking,
            tool_calls: NativeCalls(calls),
        }
    }
}

struct NativeCalls<'a>(&'a [ToolCall]);

impl NativeCalls<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for NativeCalls<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|call| NativeCall {
            id: call.id.as_deref(),
            function: NativeFunction {
                name: &call.name,
                arguments: CallArguments::new(call),
            },
        }))
    }
}

#[derive(Serialize)]
struct NativeCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    function: NativeFunction<'a>,
}

#[derive(Serialize)]
struct NativeFunction<'a> {
    name: &'a str,
    arguments: CallArguments<'a>,
}
