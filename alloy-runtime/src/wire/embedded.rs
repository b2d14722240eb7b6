//! A chat request as the engine in this process reads it: that of Ollama's own protocol, less what the engine
//! does not do.

use super::json::Writer;
use super::{Chat, native, unknown_option};
use crate::config::options;
use crate::warning::Warning;

/// The options that the engine has.
const DONE: [&str; 10] = [
    "seed",
    "stop",
    "top_k",
    "top_p",
    "min_p",
    "presence_penalty",
    "frequency_penalty",
    "repeat_penalty",
    "repeat_last_n",
    "num_ctx",
];

/// The body, written once.
pub(super) fn body(chat: &Chat<'_>, warnings: &mut Vec<Warning>) -> Vec<u8> {
    let mut out = native::begin(chat, |enforced| &enforced.exact, warnings);
    if let Some(tools) = chat.tools {
        out.raw(",\"calls\":").raw(&tools.calls);
    }
    options(&mut out, chat, warnings);
    out.raw("}");
    out.into_bytes()
}

fn options(out: &mut Writer, chat: &Chat<'_>, warnings: &mut Vec<Warning>) {
    out.raw(",\"options\":{");
    let mut separator = "";
    if let Some(temperature) = chat.temperature() {
        out.raw("\"temperature\":").value(temperature);
        separator = ",";
    }
    if let Some(max_tokens) = chat.max_tokens() {
        out.raw(separator).raw("\"num_predict\":").value(max_tokens);
        separator = ",";
    }
    for (name, json) in chat.options() {
        if !DONE.contains(&name) {
            warnings.push(match options::find(name) {
                Some(_) => Warning::NotDone {
                    setting: name.to_owned(),
                },
                None => unknown_option(name),
            });
            continue;
        }
        out.raw(separator).value(name).raw(":").raw(json);
        separator = ",";
    }
    out.raw("}");
}
