//! What goes over the wire and comes back: requests and replies as bytes, made and read by pure
//! functions, one folder a protocol.

mod calls;
mod embedded;
pub(crate) mod failure;
mod gathered;
mod json;
mod lenient;
mod lines;
mod messages;
mod native;
pub(crate) mod ollama;
mod openai_chat;
mod stream;

use std::time::Duration;

use bytes::Bytes;

use self::gathered::Gathered;
pub(crate) use self::json::system_text;
#[cfg(fuzzing)]
pub(crate) use self::stream::read as read_stream;
pub(crate) use self::stream::{Decoder, Step};
use crate::config::options;
use crate::config::{Api, KeepAlive, Settings, Text, Think};
use crate::error::Error;
use crate::message::{Image, Message};
use crate::output::{Enforced, Typed};
use crate::reply::Reply;
use crate::route::{ModelName, Way};
use crate::tool::Toolset;
use crate::warning::Warning;

/// A reply as HTTP brought it, before a protocol has read it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Where a redirect points.
    pub(crate) location: Option<String>,
    /// When the server wants to be asked again.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
}

/// One chat request, before a protocol has given it a form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chat<'a> {
    pub(crate) model: &'a ModelName,
    /// The system text of the user's own.
    pub(crate) system: Option<&'a str>,
    /// The form of a typed answer, escaped for a JSON string; it follows the system text.
    pub(crate) form: Option<&'a str>,
    /// The conversation before the prompt.
    pub(crate) history: &'a [Message],
    pub(crate) prompt: &'a str,
    /// What the prompt shows beside its text.
    pub(crate) images: &'a [Image],
    /// The conversation after the prompt.
    pub(crate) follow_up: &'a [Message],
    /// The tools that the model may call.
    pub(crate) tools: Option<&'a Toolset>,
    /// What the answer is to be, where it is to be JSON.
    pub(crate) typed: Option<&'a Typed>,
    /// Whether the reply is to come piece by piece.
    pub(crate) streamed: bool,
    pub(crate) settings: &'a Settings,
}

impl Chat<'_> {
    /// Room for the texts of a request, an eighth more for what escaping adds, and its frame.
    fn capacity(&self, frame: usize) -> usize {
        let schema = self.typed.and_then(|typed| typed.enforced.as_ref());
        let texts = [
            self.system,
            self.form,
            Some(self.prompt),
            schema.map(|schema| &*schema.json),
            self.tools.map(|tools| &*tools.json),
        ];
        let texts: usize = texts.into_iter().flatten().map(str::len).sum();
        let messages = self.history.iter().chain(self.follow_up);
        let messages: usize = messages
            .map(|message| {
                let calls = message.tool_calls.len() * 128;
                message.content.len() + images(&message.images) + calls + 64
            })
            .sum();
        texts + texts / 8 + messages + messages / 8 + images(self.images) + frame
    }

    fn temperature(&self) -> Option<f64> {
        self.settings.temperature.as_ref().map(|set| set.value)
    }

    fn max_tokens(&self) -> Option<u32> {
        self.settings.max_tokens.as_ref().map(|set| set.value)
    }

    fn keep_alive(&self) -> Option<KeepAlive> {
        self.settings.keep_alive.as_ref().map(|set| set.value)
    }

    /// How much the model is told to think.
    ///
    /// Those named gpt-oss cannot do without, and from server 0.31.2 on answer nothing where a schema
    /// and no thinking are asked of them: they are never told so.
    fn think(&self, warnings: &mut Vec<Warning>) -> Option<Think> {
        let think = self.settings.think.as_ref().map(|set| set.value);
        if think == Some(Think::Off) && self.model.is_gpt_oss() {
            warnings.push(Warning::ThinksAnyway);
            return None;
        }
        think
    }

    /// Names and JSON.
    fn options(&self) -> impl Iterator<Item = (&str, &Text)> {
        let options = self.settings.options.iter();
        options.map(|(name, set)| (&**name, &set.value))
    }
}

/// The warning of an option that no server is known to have.
fn unknown_option(name: &str) -> Warning {
    Warning::UnknownOption {
        name: name.to_owned(),
        near: options::near(name).map(str::to_owned),
    }
}

/// Room for images in base64.
fn images(images: &[Image]) -> usize {
    images
        .iter()
        .map(|image| image.bytes().len() / 3 * 4 + 64)
        .sum()
}

/// The body of a chat request, written once; what it cannot express is a warning.
pub(crate) fn body(way: Way, chat: &Chat<'_>, warnings: &mut Vec<Warning>) -> Vec<u8> {
    match way {
        Way::Server(Api::Native) => native::body(chat, warnings),
        Way::Server(Api::OpenaiChat) => openai_chat::body(chat, warnings),
        Way::Embedded => embedded::body(chat, warnings),
    }
}

/// Reads a reply. `endpoint` is the path that was asked, as errors name it.
///
/// # Errors
///
/// A status that is not 200 is the error that the body tells. What is no reply of the protocol is a
/// protocol error, or says that this is another server. A reply that is not finished broke off: the
/// server stopped in the middle and did not say why.
pub(crate) fn reply(api: Api, endpoint: &str, answer: &Answer) -> Result<Reply, Error> {
    if answer.status != 200 {
        return Err(failure::of_answer(answer, endpoint));
    }
    let mut gathered = Gathered::default();
    let json = object(answer.body.trim_ascii())?;
    let text = match api {
        Api::Native => native::read(json, &mut gathered)?,
        Api::OpenaiChat => openai_chat::read(json, &mut gathered)?,
    };
    if !gathered.said {
        return Err(failure::protocol(NO_MESSAGE, &answer.body));
    }
    gathered.take_reply(text)
}

/// What is wrong with a reply that has a list of answers, and none in it.
const NO_MESSAGE: &str = "its `choices` have no `message`";

/// The text of what may be an object.
fn object(json: &[u8]) -> Result<&str, Error> {
    // As a whole, which is faster than text by text.
    let Ok(json) = std::str::from_utf8(json) else {
        return Err(failure::protocol("it is not UTF-8", json));
    };
    // A derived reader takes a list for a struct as well; no protocol does.
    match json.starts_with('[') {
        true => Err(failure::protocol("it is a list", json)),
        false => Ok(json),
    }
}
