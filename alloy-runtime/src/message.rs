//! Chat messages, independent of the protocol that sends them.

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

/// The author of a [`Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// Instructions for the whole conversation.
    System,
    /// The person or program that uses the model.
    User,
    /// The model.
    Assistant,
    /// A tool that the model called.
    Tool,
}

impl Role {
    /// Returns the role's name in both of Ollama's protocols.
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

/// One message of a conversation. It can be stored as JSON and deserialized again.
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
    /// The author.
    pub role: Role,
    /// The text.
    pub content: String,
    /// The thinking text of an assistant message, if the model wrote any. Later requests contain it only if the
    /// message calls tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    /// The field of Chat Completions that `thinking` came in. Some servers reject a conversation without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) thinking_field: Option<ThinkingField>,
    /// The tools that an assistant message calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// For a tool's message, the name of the tool as the model wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_name: Option<String>,
    /// For a tool's message, the [`id`](ToolCall::id) of the call, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// The images of a user message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
}

/// A field of Chat Completions for thinking, which the standard does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ThinkingField {
    /// The field of Ollama, `OpenRouter` and newer versions of vLLM.
    Reasoning,
    /// The field of `DeepSeek`, llama.cpp and `SGLang`.
    ReasoningContent,
}

/// A call of a tool that a model requests.
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
    /// The server's identifier of the call, if it sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The tool's name, as the model wrote it.
    pub name: String,
    /// The arguments, usually an object. Arguments that are not valid JSON are stored as a string.
    pub arguments: Value,
}

/// An image, as the bytes of its file: PNG, JPEG, WebP, or another format that the model's server supports.
///
/// ```
/// let image = alloy_runtime::Image::new(*b"\x89PNG\r\n");
/// assert_eq!(format!("{image:?}"), "Image(6 bytes)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Image(Arc<[u8]>);

impl Image {
    /// Creates an image from the bytes of its file.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn format(&self) -> ImageFormat {
        ImageFormat::detect(&self.0)
    }

    /// Returns the bytes of the image's file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The format of an image's file, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImageFormat {
    /// A format with this media type.
    Known(&'static str),
    /// Text, or nothing.
    Text,
    Unknown,
}

impl ImageFormat {
    fn detect(bytes: &[u8]) -> Self {
        Self::Known(match bytes {
            [0x89, b'P', b'N', b'G', ..] => "image/png",
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            [b'G', b'I', b'F', b'8', ..] => "image/gif",
            [b'B', b'M', ..] if bytes.len() > 26 && bytes.contains(&0) => "image/bmp",
            [b'I', b'I', 0x2a, 0, ..] | [b'M', b'M', 0, 0x2a, ..] => "image/tiff",
            _ if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") => "image/webp",
            _ if bytes.get(4..8) == Some(b"ftyp") => "image/heic",
            // A path, a URL, base64 or a web page.
            _ if std::str::from_utf8(bytes).is_ok_and(is_plain) => return Self::Text,
            _ => return Self::Unknown,
        })
    }
}

/// Returns `true` if a text has no control characters but white space.
fn is_plain(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() && !c.is_whitespace())
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

/// Serializes the bytes as base64.
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
    /// Creates a system message: instructions for the whole conversation.
    pub fn system(content: impl Into<String>) -> Self {
        Self::new(Role::System, content.into())
    }

    /// Creates a user message.
    pub fn user(content: impl Into<String>) -> Self {
        Self::new(Role::User, content.into())
    }

    /// Creates an assistant message, as if the model had written it.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new(Role::Assistant, content.into())
    }

    /// Creates the message that answers a tool call.
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
            thinking_field: None,
            tool_calls: Vec::new(),
            tool_name: None,
            tool_call_id: None,
            images: Vec::new(),
        }
    }
}
