//! A chat request before it is encoded.

use crate::config::{KeepAlive, Settings, Think};
use crate::message::{Image, Message};
use crate::output::{TypedSpec, WireSchema};
use crate::tool::Toolset;

/// A chat request, independent of the protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChatRequest<'a> {
    /// Name of the model as the server knows it.
    pub(crate) model: &'a str,
    /// The user's system message.
    pub(crate) system: Option<&'a str>,
    /// Description of the format of a typed answer. It follows `system` in the system message.
    pub(crate) format_instructions: Option<&'a str>,
    /// Messages before the prompt.
    pub(crate) history: &'a [Message],
    pub(crate) prompt: &'a str,
    /// Images of the prompt.
    pub(crate) images: &'a [Image],
    /// Messages after the prompt.
    pub(crate) transcript: &'a [Message],
    /// Messages about the latest rejected answer. They follow the transcript.
    pub(crate) reask: &'a [Message],
    /// Tools that the model may call.
    pub(crate) tools: Option<&'a Toolset>,
    /// Type of an answer that must be JSON.
    pub(crate) typed: Option<&'a TypedSpec>,
    pub(crate) streamed: bool,
    /// `true` if the model thinks even if `think` is off. Such a request does not send `think = false`: since
    /// server 0.31.2, gpt-oss returns an empty answer for it when a schema is enforced.
    pub(crate) always_thinks: bool,
    pub(crate) settings: &'a Settings,
}

impl<'a> ChatRequest<'a> {
    /// Estimates the length of the body in bytes: the texts, an eighth for escapes, the images in base64, and the
    /// keys.
    pub(super) fn estimated_len(&self) -> usize {
        const KEYS: usize = 384;
        let texts = [
            self.system,
            self.format_instructions,
            Some(self.prompt),
            self.schema().map(|schema| schema.server.get()),
            self.tools.map(|tools| tools.json.get()),
        ];
        let texts: usize = texts.into_iter().flatten().map(str::len).sum();
        // Every line of the instructions ends with an escape, and many have quotes.
        let instructions = self.format_instructions.map_or(0, str::len);
        let messages = [self.history, self.transcript, self.reask]
            .into_iter()
            .flatten();
        let messages: usize = messages
            .map(|message| {
                let calls = message.tool_calls.len() * 128;
                message.content.len() + encoded_len(&message.images) + calls + 64
            })
            .sum();
        let escapes = texts / 8 + instructions / 8 + messages / 8;
        texts + messages + escapes + encoded_len(self.images) + KEYS
    }

    /// Returns the schema to enforce; `None` for an answer that is text or any JSON.
    pub(super) fn schema(&self) -> Option<&'a WireSchema> {
        self.typed?.enforced.as_ref()
    }

    pub(super) fn temperature(&self) -> Option<f64> {
        self.settings.temperature.as_ref().map(|set| set.value)
    }

    pub(super) fn max_tokens(&self) -> Option<u32> {
        self.settings.max_tokens.as_ref().map(|set| set.value)
    }

    pub(super) fn keep_alive(&self) -> Option<KeepAlive> {
        self.settings.keep_alive.as_ref().map(|set| set.value)
    }

    /// Returns the level of thinking to send.
    pub(super) fn think(&self) -> Option<Think> {
        let think = self.settings.think.as_ref().map(|set| set.value);
        think.filter(|think| *think != Think::Off || !self.always_thinks)
    }

    /// Returns `true` if `think = false` is set and must not be sent.
    pub(super) fn omits_think(&self) -> bool {
        self.settings.think.is_some() && self.think().is_none()
    }
}

/// Returns the approximate length of images in base64, in bytes.
fn encoded_len(images: &[Image]) -> usize {
    images
        .iter()
        .map(|image| image.bytes().len() / 3 * 4 + 64)
        .sum()
}
