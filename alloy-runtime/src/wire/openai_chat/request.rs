//! The body of `POST /v1/chat/completions`.

use std::fmt;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::tool_call_ids::{ToolCallId, ToolCallIds, id};
use crate::config::Think;
use crate::endpoint::Protocol;
use crate::message::{Image, ImageFormat, Role, ThinkingField, ToolCall};
use crate::wire::ChatRequest;
use crate::wire::messages::{MessageText, OutgoingMessage};
use crate::wire::options::OptionMap;
use crate::wire::tool_calls::CallArguments;

/// The body.
#[derive(Serialize)]
pub(crate) struct ChatCompletionsBody<'a> {
    model: &'a str,
    messages: OpenaiMessages<'a>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    /// Not its successor `max_completion_tokens`, which Ollama ignores.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(flatten)]
    options: OptionMap<'a>,
}

impl<'a> ChatCompletionsBody<'a> {
    pub(crate) fn new(protocol: Protocol, request: &ChatRequest<'a>) -> Self {
        Self {
            model: request.model,
            messages: OpenaiMessages {
                request: *request,
                thinking_field: match protocol {
                    Protocol::OpenaiChat => Some(ThinkingField::Reasoning),
                    // OpenAI's API has no such field, and servers may reject one that they did not send themselves.
                    Protocol::ChatCompletions | Protocol::Native | Protocol::Engine => None,
                },
            },
            stream: request.streamed,
            stream_options: request.streamed.then_some(StreamOptions {
                include_usage: true,
            }),
            tools: request.tools.map(|tools| &*tools.json),
            response_format: ResponseFormat::new(request),
            temperature: request.temperature(),
            max_tokens: request.max_tokens(),
            reasoning_effort: request.think().map(reasoning_effort),
            options: OptionMap::new(protocol, request),
        }
    }
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// JSON that the server must enforce.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat<'a> {
    /// Any JSON object.
    JsonObject,
    JsonSchema {
        json_schema: JsonSchemaFormat<'a>,
    },
}

#[derive(Serialize)]
struct JsonSchemaFormat<'a> {
    name: &'static str,
    strict: bool,
    schema: &'a RawValue,
}

impl<'a> ResponseFormat<'a> {
    fn new(request: &ChatRequest<'a>) -> Option<Self> {
        request.typed.map(|_| match request.schema() {
            None => Self::JsonObject,
            Some(schema) => Self::JsonSchema {
                json_schema: JsonSchemaFormat {
                    name: "output",
                    strict: schema.strict,
                    schema: &schema.server,
                },
            },
        })
    }
}

/// Returns the protocol's name for a level of thinking.
fn reasoning_effort(think: Think) -> &'static str {
    match think {
        Think::Off => "none",
        Think::Low => "low",
        // The default of servers.
        Think::On | Think::Medium => "medium",
        Think::High => "high",
        Think::Max => "max",
    }
}

/// The list of messages.
struct OpenaiMessages<'a> {
    request: ChatRequest<'a>,
    /// The field for the thinking text of earlier messages; `None` for the field that each of them came with.
    thinking_field: Option<ThinkingField>,
}

impl Serialize for OpenaiMessages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut ids = ToolCallIds::default();
        let messages = self.request.messages();
        serializer.collect_seq(
            messages.map(|message| OpenaiMessage::new(message, &mut ids, self.thinking_field)),
        )
    }
}

#[derive(Serialize)]
struct OpenaiMessage<'a> {
    role: Role,
    content: OpenaiContent<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<ToolCallId<'a>>,
    /// Sent only with tool calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<&'a str>,
    /// As `reasoning`, for servers that name it so.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<OpenaiCalls<'a>>,
}

impl<'a> OpenaiMessage<'a> {
    fn new(
        message: OutgoingMessage<'a>,
        ids: &mut ToolCallIds<'a>,
        thinking_field: Option<ThinkingField>,
    ) -> Self {
        let stored = message.stored;
        let answer = stored.filter(|stored| stored.role == Role::Tool);
        let tool_call_id = answer.map(|answer| ids.answered(answer));
        let caller = stored.filter(|stored| !stored.tool_calls.is_empty());
        let thinking = |field| {
            let sent =
                caller.filter(|caller| thinking_field.or(caller.thinking_field) == Some(field));
            sent.and_then(|caller| caller.thinking.as_deref())
        };
        Self {
            role: message.role,
            content: OpenaiContent {
                text: message.content,
                images: message.images,
            },
            tool_call_id,
            reasoning: thinking(ThinkingField::Reasoning),
            reasoning_content: thinking(ThinkingField::ReasoningContent),
            tool_calls: caller.map(|caller| OpenaiCalls {
                turn: ids.begin_turn(&caller.tool_calls),
                calls: &caller.tool_calls,
            }),
        }
    }
}

/// A text; with images, a list of parts.
struct OpenaiContent<'a> {
    text: MessageText<'a>,
    images: &'a [Image],
}

impl Serialize for OpenaiContent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.images.is_empty() {
            return self.text.serialize(serializer);
        }
        let text = ContentPart::Text { text: self.text };
        let images = self.images.iter().map(|image| ContentPart::ImageUrl {
            image_url: ImageUrl {
                url: DataUrl(image),
            },
        });
        serializer.collect_seq([text].into_iter().chain(images))
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ContentPart<'a> {
    Text { text: MessageText<'a> },
    ImageUrl { image_url: ImageUrl<'a> },
}

#[derive(Serialize)]
struct ImageUrl<'a> {
    url: DataUrl<'a>,
}

/// An image as a `data:` URL in base64.
struct DataUrl<'a>(&'a Image);

impl fmt::Display for DataUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base64 = Base64Display::new(self.0.bytes(), &STANDARD);
        // Ollama accepts these three, and an empty media type.
        let media_type = match self.0.format() {
            ImageFormat::Known(known @ ("image/png" | "image/jpeg" | "image/webp")) => known,
            ImageFormat::Known(_) | ImageFormat::Text | ImageFormat::Unknown => "",
        };
        write!(f, "data:{media_type};base64,{base64}")
    }
}

impl Serialize for DataUrl<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The tool calls of one message.
struct OpenaiCalls<'a> {
    turn: usize,
    calls: &'a [ToolCall],
}

impl Serialize for OpenaiCalls<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let calls = self.calls.iter().zip(1..);
        serializer.collect_seq(calls.map(|(call, number)| OpenaiCall {
            id: id(call.id.as_deref(), self.turn, number),
            kind: "function",
            function: OpenaiFunction {
                name: &call.name,
                arguments: CallArguments::new(call),
            },
        }))
    }
}

#[derive(Serialize)]
struct OpenaiCall<'a> {
    id: ToolCallId<'a>,
    #[serde(rename = "type")]
    kind: &'static str,
    function: OpenaiFunction<'a>,
}

#[derive(Serialize)]
struct OpenaiFunction<'a> {
    name: &'a str,
    /// JSON in a string.
    #[serde(serialize_with = "collect_str")]
    arguments: CallArguments<'a>,
}

fn collect_str<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
