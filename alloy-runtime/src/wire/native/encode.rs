//! A chat request as the body of `POST /api/chat`.

use crate::config::options::{self, Place};
use crate::message::{Image, Role};
use crate::warning::Warning;
use crate::wire::json::Writer;
use crate::wire::{Chat, Format};

/// Room for everything but the texts: the keys, the braces and the options.
const FRAME: usize = 256;

/// The body, written once.
pub(crate) fn body(chat: &Chat<'_>, warnings: &mut Vec<Warning>) -> Vec<u8> {
    let mut out = Writer::with_capacity(chat.capacity(FRAME));
    out.raw("{\"model\":").value(chat.model.as_str());
    messages(&mut out, chat);
    out.raw(",\"stream\":false");
    match chat.format {
        None => {}
        Some(Format::Json) => {
            out.raw(",\"format\":\"json\"");
        }
        Some(Format::Schema { json, strict: _ }) => {
            out.raw(",\"format\":").raw(json);
        }
    }
    if let Some(think) = chat.think(warnings) {
        out.raw(",\"think\":").raw(think.to_json());
    }
    if let Some(keep_alive) = chat.keep_alive() {
        out.raw(",\"keep_alive\":").seconds(keep_alive.seconds());
    }
    options(&mut out, chat, warnings);
    beside(&mut out, chat);
    out.raw("}");
    out.into_bytes()
}

fn messages(out: &mut Writer, chat: &Chat<'_>) {
    out.raw(",\"messages\":[");
    if chat.system.is_some() || chat.form.is_some() {
        out.raw("{\"role\":\"system\",\"content\":");
        out.system_text(chat.system, chat.form);
        out.raw("},");
    }
    for said in chat.history {
        message(out, said.role, &said.content, &said.images);
        out.raw(",");
    }
    message(out, Role::User, chat.prompt, chat.images);
    for said in chat.follow_up {
        out.raw(",");
        message(out, said.role, &said.content, &said.images);
    }
    out.raw("]");
}

/// A message; its images stand beside its text.
fn message(out: &mut Writer, role: Role, text: &str, images: &[Image]) {
    out.raw("{\"role\":").value(role.as_str());
    out.raw(",\"content\":").value(text);
    self::images(out, images);
    out.raw("}");
}

/// Images are base64 without a `data:` prefix.
fn images(out: &mut Writer, images: &[Image]) {
    let mut opening = ",\"images\":[\"";
    for image in images {
        out.raw(opening).base64(image.bytes());
        opening = "\",\"";
    }
    if !images.is_empty() {
        out.raw("\"]");
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
            None => warnings.push(Warning::UnknownOption {
                name: name.to_owned(),
                near: options::near(name),
            }),
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
