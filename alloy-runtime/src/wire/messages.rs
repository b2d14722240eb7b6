//! The messages of a request, in the order in which both protocols send them.

use super::Chat;
use super::json::Writer;
use crate::message::{Image, Role};

/// Writes `,"messages":[…]`: system text and form, history, prompt, and what follows it. `content` writes
/// what stands behind `"content":` of a message, its images included.
pub(super) fn write(out: &mut Writer, chat: &Chat<'_>, content: fn(&mut Writer, &str, &[Image])) {
    out.raw(",\"messages\":[");
    if chat.system.is_some() || chat.form.is_some() {
        out.raw("{\"role\":\"system\",\"content\":");
        out.system_text(chat.system, chat.form);
        out.raw("},");
    }
    let history = chat.history.iter();
    let history = history.map(|said| (said.role, said.content.as_str(), &*said.images));
    let follow_up = chat.follow_up.iter();
    let follow_up = follow_up.map(|said| (said.role, said.content.as_str(), &*said.images));
    let prompt = (Role::User, chat.prompt, chat.images);
    let mut separator = "";
    for (role, text, images) in history.chain([prompt]).chain(follow_up) {
        out.raw(separator).raw("{\"role\":").value(role.as_str());
        out.raw(",\"content\":");
        content(out, text, images);
        out.raw("}");
        separator = ",";
    }
    out.raw("]");
}
