//! A chat request as the body of `POST /v1/chat/completions`.

use crate::config::options::{self, Place};
use crate::config::{Api, Think};
use crate::message::{Image, Message, Role, ToolCall};
use crate::warning::Warning;
use crate::wire::json::Writer;
use crate::wire::messages::Dialect;
use crate::wire::{Chat, calls, messages, unknown_option};

/// Room for everything but the texts: the keys, the braces and the options.
const FRAME: usize = 384;

/// The body, written once.
///
/// `max_tokens` and not its successor `max_completion_tokens`: Ollama ignores the latter.
pub(crate) fn body(chat: &Chat<'_>, warnings: &mut Vec<Warning>) -> Vec<u8> {
    let mut out = Writer::with_capacity(chat.capacity(FRAME));
    out.raw("{\"model\":").value(chat.model.as_str());
    messages::write(&mut out, chat, OpenaiChat::of(chat));
    out.raw(",\"stream\":").value(chat.streamed);
    if chat.streamed {
        out.raw(",\"stream_options\":{\"include_usage\":true}");
    }
    if let Some(tools) = chat.tools {
        out.raw(",\"tools\":").raw(&tools.json);
    }
    match chat.typed.map(|typed| &typed.enforced) {
        None => {}
        Some(None) => {
            out.raw(",\"response_format\":{\"type\":\"json_object\"}");
        }
        Some(Some(schema)) => {
            out.raw(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"output\",\"strict\":")
                .value(schema.strict)
                .raw(",\"schema\":")
                .raw(&schema.json)
                .raw("}}");
        }
    }
    if let Some(temperature) = chat.temperature() {
        out.raw(",\"temperature\":").value(temperature);
    }
    if let Some(max_tokens) = chat.max_tokens() {
        out.raw(",\"max_tokens\":").value(max_tokens);
    }
    if let Some(think) = chat.think(warnings) {
        out.raw(",\"reasoning_effort\":").value(effort(think));
    }
    if chat.keep_alive().is_some() {
        not_sent("keep_alive", warnings);
    }
    options(&mut out, chat, warnings);
    out.raw("}");
    out.into_bytes()
}

struct OpenaiChat<'a> {
    /// Whether the server is Ollama's, which takes the thinking text back as `reasoning`.
    ollama: bool,
    /// How many messages with calls were written.
    turn: usize,
    /// The calls of the last of them, and which of them were answered.
    calls: Vec<(&'a ToolCall, bool)>,
}

impl<'a> OpenaiChat<'a> {
    fn of(chat: &Chat<'a>) -> Self {
        Self {
            ollama: chat.model.is_ollama(),
            turn: 0,
            calls: Vec::new(),
        }
    }

    /// Writes the id of a call, or one made of its place: the protocol cannot do without.
    fn id(&self, out: &mut Writer, given: Option<&str>, number: usize) {
        match given.filter(|id| !id.is_empty()) {
            Some(id) => out.value(id),
            None => out.value(format_args!("call_{}_{number}", self.turn)),
        };
    }

    /// The call that a tool's message answers, and its number: the next of the tool's name, or the next.
    fn answered(&mut self, said: &Message) -> (Option<&'a str>, usize) {
        let name = said.tool_name.as_deref();
        let is_open = |(_, answered): &(&ToolCall, bool)| !answered;
        let mut calls = self.calls.iter();
        let named = calls.position(|one| is_open(one) && Some(&*one.0.name) == name);
        let next = named.or_else(|| self.calls.iter().position(is_open));
        match next.and_then(|index| Some((index, self.calls.get_mut(index)?))) {
            Some((index, (call, answered))) => {
                *answered = true;
                (call.id.as_deref(), index + 1)
            }
            None => (None, self.calls.len() + 1),
        }
    }
}

impl<'a> Dialect<'a> for OpenaiChat<'a> {
    /// A message's text; with images it is a list of parts.
    fn content(&mut self, out: &mut Writer, text: &str, images: &[Image]) {
        if images.is_empty() {
            out.value(text);
            return;
        }
        out.raw("[{\"type\":\"text\",\"text\":")
            .value(text)
            .raw("}");
        for image in images {
            out.raw(",{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:")
                .raw(media_type(image.bytes()))
                .raw(";base64,")
                .base64(image.bytes())
                .raw("\"}}");
        }
        out.raw("]");
    }

    fn tools(&mut self, out: &mut Writer, said: &'a Message) {
        if said.role == Role::Tool {
            let (of_call, number) = self.answered(said);
            let own = said.tool_call_id.as_deref().filter(|id| !id.is_empty());
            out.raw(",\"tool_call_id\":");
            self.id(out, own.or(of_call), number);
        }
        if said.tool_calls.is_empty() {
            return;
        }
        if let Some(thinking) = said.thinking.as_ref().filter(|_| self.ollama) {
            out.raw(",\"reasoning\":").value(thinking);
        }
        self.turn += 1;
        self.calls = said.tool_calls.iter().map(|call| (call, false)).collect();
        let mut opening = ",\"tool_calls\":[{\"id\":";
        for (number, call) in (1..).zip(&said.tool_calls) {
            out.raw(opening);
            self.id(out, call.id.as_deref(), number);
            out.raw(",\"type\":\"function\",\"function\":{\"name\":")
                .value(&call.name)
                .raw(",\"arguments\":");
            let mut arguments = Writer::with_capacity(64);
            calls::arguments(&mut arguments, call);
            out.value(String::from_utf8_lossy(&arguments.into_bytes()))
                .raw("}}");
            opening = ",{\"id\":";
        }
        out.raw("]");
    }
}

/// What an image's first bytes say it is; Ollama reads one whose type is left out as well.
fn media_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        _ if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") => "image/webp",
        _ => "",
    }
}

/// The level of thinking, in the words of this protocol.
fn effort(think: Think) -> &'static str {
    match think {
        Think::Off => "none",
        Think::Low => "low",
        // What a server takes where it is told nothing.
        Think::On | Think::Medium => "medium",
        Think::High => "high",
        Think::Max => "max",
    }
}

/// The options, beside all else. Ollama's server takes a few of its own here and ignores the others, which
/// are left out; of another server nobody but its user knows what it takes.
fn options(out: &mut Writer, chat: &Chat<'_>, warnings: &mut Vec<Warning>) {
    for (name, json) in chat.options() {
        let place = options::find(name).map(|known| known.place);
        if !chat.model.is_ollama() || place == Some(Place::Both) {
            out.raw(",").value(name).raw(":").raw(json);
        } else if name != "truncate" || &**json != "true" {
            // This endpoint always lets the server cut.
            match place {
                Some(_) => not_sent(name, warnings),
                None => warnings.push(unknown_option(name)),
            }
        }
    }
}

fn not_sent(setting: &str, warnings: &mut Vec<Warning>) {
    warnings.push(Warning::NotSent {
        setting: setting.to_owned(),
        api: Api::OpenaiChat,
    });
}
