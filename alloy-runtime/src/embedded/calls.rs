//! The calls of tools in a text: JSON between two marks.

use serde_json::Value as Json;

use super::template::CALL;
use crate::message::ToolCall;

/// A text without its calls, and the calls.
pub(super) fn split(said: &str) -> (String, Vec<ToolCall>) {
    let mut text = String::new();
    let mut calls = Vec::new();
    let mut rest = said;
    while let Some((before, after)) = rest.split_once(CALL.0) {
        text += before;
        let (inside, behind) = after.split_once(CALL.1).unwrap_or((after, ""));
        match read(inside) {
            Some(call) => calls.push(call),
            // It was cut: it stays what it is.
            None => {
                text += &rest[before.len()..rest.len() - behind.len()];
            }
        }
        rest = behind;
    }
    text += rest;
    // What stands around a call are the blanks that the template wants there.
    match calls.is_empty() {
        true => (text, calls),
        false => (text.trim().to_owned(), calls),
    }
}

fn read(inside: &str) -> Option<ToolCall> {
    let call: Json = serde_json::from_str(inside.trim()).ok()?;
    Some(ToolCall {
        id: None,
        name: call.get("name")?.as_str()?.to_owned(),
        arguments: call.get("arguments")?.clone(),
    })
}
