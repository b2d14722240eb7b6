//! A request as a test sees it.

use serde_json::Value;

use crate::backend::EncodedRequest;
use crate::config::Settings;
use crate::message::{Message, Role, ToolCall};
use crate::wire::parse_arguments;

/// A request that a command made.
///
/// ```
/// # use alloy_runtime::{command, testing::Script};
/// # #[command("Say hello to {name}", temperature = 0.2)]
/// # async fn greet(name: &str) -> String;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let script = Script::new().text("Hello!");
/// script.run(greet("Ann")).await.unwrap();
/// let request = &script.requests()[0];
/// assert_eq!(request.command, "greet");
/// assert_eq!(request.prompt(), "Say hello to Ann");
/// assert_eq!(request.settings.get("temperature").as_deref(), Some("0.2"));
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScriptRequest {
    /// The name of the command.
    pub command: &'static str,
    /// The model's name as a server reads it.
    pub model: String,
    /// The messages, the system message included.
    pub messages: Vec<Message>,
    /// The names of the tools that the model may call.
    pub tools: Vec<String>,
    /// The schema that a server enforces, if there is one.
    pub schema: Option<Value>,
    /// The settings of the call.
    pub settings: Settings,
    /// `true` if the reply is streamed.
    pub streamed: bool,
    /// The body as it is sent to a server.
    pub body: Value,
}

impl ScriptRequest {
    pub(super) fn new(request: &EncodedRequest, streamed: bool) -> Self {
        // NOTE: A body is JSON, which Alloy has just written.
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let resolved = &request.info.resolved;
        let items = |name: &str| body[name].as_array().map_or(&[][..], Vec::as_slice);
        let tools = items("tools").iter();
        let tools = tools.filter_map(|tool| tool["function"]["name"].as_str());
        let schema = match &body["format"] {
            Value::Null => &body["response_format"]["json_schema"]["schema"],
            format => format,
        };
        Self {
            command: request.info.command,
            model: resolved.model.as_str().to_owned(),
            messages: items("messages").iter().map(message).collect(),
            tools: tools.map(str::to_owned).collect(),
            schema: Some(schema.clone()).filter(|schema| !schema.is_null()),
            settings: resolved.settings.clone(),
            streamed,
            body,
        }
    }

    /// Returns the text of the last message of the user: the prompt, or a follow-up.
    #[must_use]
    pub fn prompt(&self) -> &str {
        let mut messages = self.messages.iter().rev();
        let last = messages.find(|message| message.role == Role::User);
        last.map_or("", |message| &message.content)
    }
}

/// Reads a message of a body, in any of the protocols.
fn message(json: &Value) -> Message {
    let content = match &json["content"] {
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect(),
        content => content.as_str().unwrap_or_default().to_owned(),
    };
    let mut message = match json["role"].as_str() {
        Some("system") => Message::system(content),
        Some("assistant") => Message::assistant(content),
        Some("tool") => Message {
            role: Role::Tool,
            ..Message::user(content)
        },
        _ => Message::user(content),
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    message.tool_name = text(&json["tool_name"]);
    message.tool_call_id = text(&json["tool_call_id"]);
    let calls = json["tool_calls"].as_array().into_iter().flatten();
    let calls = calls.map(|call| ToolCall {
        id: text(&call["id"]),
        name: text(&call["function"]["name"]).unwrap_or_default(),
        arguments: parse_arguments(call["function"]["arguments"].clone()),
    });
    message.tool_calls = calls.collect();
    message
}
