//! The calls of tools in a text: JSON between two marks.

use std::ops::Range;

use serde_json::Value as Json;

use super::template::CALL;
use crate::message::ToolCall;

/// A text without its calls, and the calls. `places` says where they are, in their order.
pub(super) fn split(said: &[u8], places: &[Range<usize>]) -> (String, Vec<ToolCall>) {
    let mut text = Vec::new();
    let mut calls = Vec::new();
    let mut from = 0;
    for place in places {
        let Some(call) = said.get(place.clone()).and_then(read) else {
            continue;
        };
        calls.push(call);
        text.extend_from_slice(&said[from..place.start]);
        from = place.end;
    }
    text.extend_from_slice(&said[from..]);
    let text = String::from_utf8_lossy(&text);
    // What stands around a call are the blanks that the template wants there.
    match calls.is_empty() {
        true => (text.into_owned(), calls),
        false => (text.trim().to_owned(), calls),
    }
}

fn read(said: &[u8]) -> Option<ToolCall> {
    let said = std::str::from_utf8(said).ok()?;
    let inside = said.strip_prefix(CALL.0)?.strip_suffix(CALL.1)?;
    let call: Json = serde_json::from_str(inside.trim()).ok()?;
    Some(ToolCall {
        id: None,
        name: call.get("name")?.as_str()?.to_owned(),
        arguments: call.get("arguments")?.clone(),
    })
}
