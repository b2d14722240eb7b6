//! Chat messages: plain data that every route can send.

use std::fmt;
use std::sync::Arc;

/// Who speaks in a [`Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Instructions that stand above the conversation.
    System,
    /// The person, or the program that asks.
    User,
    /// The model.
    Assistant,
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
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One message of a conversation.
///
/// ```
/// use alloy_runtime::{Message, Role};
///
/// let message = Message::user("Say hello");
/// assert_eq!(message.role, Role::User);
/// assert_eq!(message.content, "Say hello");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
    /// The thinking text of an assistant message, where the model gave one. It is not sent again.
    pub thinking: Option<String>,
    /// What a user message shows beside its text.
    pub images: Vec<Image>,
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

    fn new(role: Role, content: String) -> Self {
        Self {
            role,
            content,
            thinking: None,
            images: Vec::new(),
        }
    }
}
