//! Chat messages: plain data that every route can send.

mod results;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

pub use self::results::{ToolResult, ToolStatus};

/// Who speaks in a [`Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// Instructions that stand above the conversation.
    System,
    /// The person, or the program that asks.
    User,
    /// The model.
    Assistant,
    /// A tool that the model called.
    Tool,
}

impl Role {
    /// The role's name in both of Ollama's protocols.
    ///
    /// ```
    /// assert_eq!(alloy_runtime::Role::Assistant.as_str(), "assistant");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One message of a conversation. It can be stored as JSON, and read back.
///
/// ```
/// use alloy_runtime::{Message, Role};
///
/// # fn main() -> serde_json::Result<()> {
/// let message = Message::user("Say hello");
/// assert_eq!(message.role, Role::User);
/// assert_eq!(message.content, "Say hello");
///
/// let stored = serde_json::to_string(&message)?;
/// assert_eq!(stored, r#"{"role":"user","content":"Say hello"}"#);
/// assert_eq!(serde_json::from_str::<Message>(&stored)?, message);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
    /// The thinking text of an assistant message, where the model gave one. It is sent again only where the
    /// message calls tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    /// The tools that an assistant message calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// The name of the tool that a tool's message is from, as the model wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_name: Option<String>,
    /// The [`id`](ToolCall::id) of the call that a tool's message answers, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// What a user message shows beside its text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
}

/// A tool that a model wants to be called, and with what.
///
/// ```
/// # use alloy_runtime::Message;
/// # fn main() -> serde_json::Result<()> {
/// let stored = r#"{"role":"assistant","content":"","tool_calls":[{"name":"add","arguments":{"a":1}}]}"#;
/// let message: Message = serde_json::from_str(stored)?;
/// assert_eq!(message.tool_calls[0].name, "add");
/// assert_eq!(message.tool_calls[0].arguments["a"], 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCall {
    /// The server's name for the call, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The tool's name, as the model wrote it.
    pub name: String,
    /// The arguments: an object, usually. What the model wrote that is no JSON is a string here.
    pub arguments: Value,
}

/// A picture, as the bytes of its file: PNG, JPEG, WebP, or what else the model's server reads.
///
/// ```
/// let image = alloy_runtime::Image::new(*b"\x89PNG\r\n");
/// assert_eq!(format!("{image:?}"), "Image(6 bytes)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Image(Arc<[u8]>);

impl Image {
    /// A picture whose file has these bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes of its file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Image {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl From<&[u8]> for Image {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes)
    }
}

impl<const N: usize> From<[u8; N]> for Image {
    fn from(bytes: [u8; N]) -> Self {
        Self::new(bytes)
    }
}

impl<const N: usize> From<&[u8; N]> for Image {
    fn from(bytes: &[u8; N]) -> Self {
        Self::new(&bytes[..])
    }
}

/// As base64.
impl Serialize for Image {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(&self.0, &STANDARD))
    }
}

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text.as_bytes()).map_err(D::Error::custom)?;
        Ok(Self::new(bytes))
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({} bytes)", self.0.len())
    }
}

impl Message {
    /// Instructions that stand above the conversation.
    pub fn system(content: impl Into<String>) -> Self {
        Self::new(Role::System, content.into())
    }

    /// What the person, or the program, says.
    pub fn user(content: impl Into<String>) -> Self {
        Self::new(Role::User, content.into())
    }

    /// What the model said.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new(Role::Assistant, content.into())
    }

    /// What a tool gave back.
    pub(crate) fn tool(call: &ToolCall, content: String) -> Self {
        Self {
            tool_name: Some(call.name.clone()),
            tool_call_id: call.id.clone(),
            ..Self::new(Role::Tool, content)
        }
    }

    fn new(role: Role, content: String) -> Self {
        Self {
            role,
            content,
            thinking: None,
            tool_calls: Vec::new(),
            tool_name: None,
            tool_call_id: None,
            images: Vec::new(),
        }
    }
}
