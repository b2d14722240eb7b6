//! The messages of a request, in the order in which both protocols send them.

use super::Chat;
use super::json::Writer;
use crate::message::{Image, Message, Role};

/// What the protocols write in words of their own.
pub(super) trait Dialect<'a> {
    /// What stands behind `"content":` of a message, its images included.
    fn content(&mut self, out: &mut Writer, text: &str, images: &[Image]);

    /// What stands behind that: the tools that a message calls, or the call that it answers.
    fn tools(&mut self, out: &mut Writer, said: &'a Message);
}

/// Writes `,"messages":[…]`: system text and form, history, prompt, and what follows it.
pub(super) fn write<'a>(out: &mut Writer, chat: &Chat<'a>, mut dialect: impl Dialect<'a>) {
    out.raw(",\"messages\":[");
    if chat.system.is_some() || chat.form.is_some() {
        out.raw("{\"role\":\"system\",\"content\":");
        out.system_text(chat.system, chat.form);
        out.raw("},");
    }
    let history = chat.history.iter().map(Some);
    let follow_up = chat.follow_up.iter().map(Some);
    let mut separator = "";
    for said in history.chain([None]).chain(follow_up) {
        let (role, text, images) = match said {
            Some(said) => (said.role, said.content.as_str(), &*said.images),
            None => (Role::User, chat.prompt, chat.images),
        };
        out.raw(separator).raw("{\"role\":").value(role.as_str());
        out.raw(",\"content\":");
        dialect.content(out, text, images);
        if let Some(said) = said {
            dialect.tools(out, said);
        }
        out.raw("}");
        separator = ",";
    }
    out.raw("]");
}
