//! A chat request as the body of `POST /api/chat`.

use crate::config::options::{self, Place};
use crate::message::{Image, Message};
use crate::warning::Warning;
use crate::wire::json::Writer;
use crate::wire::messages::Dialect;
use crate::wire::{Chat, Enforced, calls, messages, unknown_option};

/// Room for everything but the texts: the keys, the braces and the options.
const FRAME: usize = 256;

/// The body, written once.
pub(crate) fn body(chat: &Chat<'_>, warnings: &mut Vec<Warning>) -> Vec<u8> {
    let mut out = begin(chat, |enforced| &enforced.json, warnings);
    options(&mut out, chat, warnings);
    beside(&mut out, chat);
    out.raw("}");
    out.into_bytes()
}

/// A body without its options, and without its last brace, with the schema that `schema` takes.
pub(in crate::wire) fn begin(
    chat: &Chat<'_>,
    schema: fn(&Enforced) -> &str,
    warnings: &mut Vec<Warning>,
) -> Writer {
    let mut out = Writer::with_capacity(chat.capacity(FRAME));
    out.raw("{\"model\":").value(chat.model.as_str());
    messages::write(&mut out, chat, Native);
    out.raw(",\"stream\":").value(chat.streamed);
    if let Some(tools) = chat.tools {
        out.raw(",\"tools\":").raw(&tools.json);
    }
    if let Some(typed) = chat.typed {
        let schema = typed.enforced.as_ref().map(schema);
        out.raw(",\"format\":").raw(schema.unwrap_or("\"json\""));
    }
    if let Some(think) = chat.think(warnings) {
        out.raw(",\"think\":").raw(think.to_json());
    }
    if let Some(keep_alive) = chat.keep_alive() {
        out.raw(",\"keep_alive\":").seconds(keep_alive.seconds());
    }
    out
}

struct Native;

impl Dialect<'_> for Native {
    /// A message's text, and its images beside it: base64 without a `data:` prefix.
    fn content(&mut self, out: &mut Writer, text: &str, images: &[Image]) {
        out.value(text);
        let mut opening = ",\"images\":[\"";
        for image in images {
            out.raw(opening).base64(image.bytes());
            opening = "\",\"";
        }
        if !images.is_empty() {
            out.raw("\"]");
        }
    }

    fn tools(&mut self, out: &mut Writer, said: &Message) {
        if let Some(name) = &said.tool_name {
            out.raw(",\"tool_name\":").value(name);
        }
        if let Some(id) = &said.tool_call_id {
            out.raw(",\"tool_call_id\":").value(id);
        }
        if said.tool_calls.is_empty() {
            return;
        }
        if let Some(thinking) = &said.thinking {
            out.raw(",\"thinking\":").value(thinking);
        }
        let mut opening = ",\"tool_calls\":[{";
        for call in &said.tool_calls {
            out.raw(opening);
            if let Some(id) = &call.id {
                out.raw("\"id\":").value(id).raw(",");
            }
            out.raw("\"function\":{\"name\":").value(&call.name);
            out.raw(",\"arguments\":");
            calls::arguments(out, call);
            out.raw("}}");
            opening = ",{";
        }
        out.raw("]");
    }
}

fn options(out: &mut Writer, chat: &Chat<'_>, warnings: &mut Vec<Warning>) {
    let mut opening = ",\"options\":{";
    if let Some(temperature) = chat.temperature() {
        out.raw(opening).raw("\"temperature\":").value(temperature);
        opening = ",";
    }
    if let Some(max_tokens) = chat.max_tokens() {
        out.raw(opening).raw("\"num_predict\":").value(max_tokens);
        opening = ",";
    }
    for (name, json) in chat.options() {
        match options::find(name).map(|known| known.place) {
            Some(Place::Beside) => continue,
            Some(Place::Options | Place::Both) => {}
            None => warnings.push(unknown_option(name)),
        }
        out.raw(opening).value(name).raw(":");
        // The server wants a list; one text is the usual case.
        match name == "stop" && json.starts_with('"') {
            true => out.raw("[").raw(json).raw("]"),
            false => out.raw(json),
        };
        opening = ",";
    }
    if opening == "," {
        out.raw("}");
    }
}

/// The options that stand beside `options`.
///
/// `truncate: false` makes a prompt that is too long an error of the server, where it would drop the
/// oldest messages and cut the prompt without a word otherwise. With a history, dropping the oldest is
/// what one wants.
fn beside(out: &mut Writer, chat: &Chat<'_>) {
    let mut truncate = chat.history.is_empty().then_some("false");
    for (name, json) in chat.options() {
        match options::find(name) {
            Some(known) if known.name == "truncate" => truncate = Some(json),
            Some(known) if known.place == Place::Beside => {
                out.raw(",").value(name).raw(":").raw(json);
            }
            _ => {}
        }
    }
    if let Some(truncate) = truncate {
        out.raw(",\"truncate\":").raw(truncate);
    }
}
