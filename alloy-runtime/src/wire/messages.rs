//! The messages of a request, in the order in which all protocols send them.

use std::fmt;

use serde::{Serialize, Serializer};

use super::ChatRequest;
use crate::message::{Image, Message, Role};

/// A message to send.
#[derive(Clone, Copy)]
pub(super) struct OutgoingMessage<'a> {
    pub(super) role: Role,
    pub(super) content: MessageText<'a>,
    pub(super) images: &'a [Image],
    /// The stored message; `None` for the system message and the prompt.
    pub(super) stored: Option<&'a Message>,
}

impl<'a> OutgoingMessage<'a> {
    fn new(role: Role, content: MessageText<'a>, images: &'a [Image]) -> Self {
        Self {
            role,
            content,
            images,
            stored: None,
        }
    }
}

impl<'a> From<&'a Message> for OutgoingMessage<'a> {
    fn from(message: &'a Message) -> Self {
        let content = MessageText::new(&message.content);
        Self {
            stored: Some(message),
            ..Self::new(message.role, content, &message.images)
        }
    }
}

impl<'a> ChatRequest<'a> {
    /// Iterates over the messages: system message, history, prompt, transcript, re-ask.
    pub(super) fn messages(&self) -> impl Iterator<Item = OutgoingMessage<'a>> + use<'a> {
        let system = MessageText::system(self.system, self.format_instructions);
        let system = system.map(|text| OutgoingMessage::new(Role::System, text, &[]));
        let prompt = MessageText::new(self.prompt);
        let prompt = OutgoingMessage::new(Role::User, prompt, self.images);
        let history = self.history.iter().map(OutgoingMessage::from);
        let after = self.transcript.iter().chain(self.reask);
        let after = after.map(OutgoingMessage::from);
        let messages = system.into_iter().chain(history);
        messages.chain([prompt]).chain(after)
    }
}

/// Text of a message. In the system message, the format instructions follow the user's text after a blank line.
#[derive(Clone, Copy)]
pub(crate) struct MessageText<'a> {
    text: Option<&'a str>,
    format_instructions: Option<&'a str>,
}

impl<'a> MessageText<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text: Some(text),
            format_instructions: None,
        }
    }

    /// Returns the text of the system message; `None` where there is neither part.
    pub(crate) fn system(
        text: Option<&'a str>,
        format_instructions: Option<&'a str>,
    ) -> Option<Self> {
        text.or(format_instructions).map(|_| Self {
            text,
            format_instructions,
        })
    }
}

impl fmt::Display for MessageText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.unwrap_or_default())?;
        if self.text.is_some() && self.format_instructions.is_some() {
            f.write_str("\n\n")?;
        }
        f.write_str(self.format_instructions.unwrap_or_default())
    }
}

impl Serialize for MessageText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.text, self.format_instructions) {
            (Some(text), None) | (None, Some(text)) => serializer.serialize_str(text),
            _ => serializer.collect_str(self),
        }
    }
}
