//! Tool calls in generated text: JSON between two tags.

use std::ops::Range;

use serde_json::Value as Json;

use crate::message::ToolCall;

pub(super) const OPEN_TAG: &str = "<tool_call>";
pub(super) const CLOSE_TAG: &str = "</tool_call>";

/// Separates a text from its tool calls. `ranges` are the positions of the calls, tags included, in ascending
/// order. A call that is not valid stays in the text.
pub(super) fn split(generated: &[u8], ranges: &[Range<usize>]) -> (String, Vec<ToolCall>) {
    let mut text = Vec::new();
    let mut calls = Vec::new();
    let mut start = 0;
    for range in ranges {
        let Some(call) = generated.get(range.clone()).and_then(parse) else {
            continue;
        };
        calls.push(call);
        text.extend_from_slice(&generated[start..range.start]);
        start = range.end;
    }
    text.extend_from_slice(&generated[start..]);
    let text = String::from_utf8_lossy(&text);
    // Templates require whitespace around a call.
    match calls.is_empty() {
        true => (text.into_owned(), calls),
        false => (text.trim().to_owned(), calls),
    }
}

fn parse(generated: &[u8]) -> Option<ToolCall> {
    let generated = std::str::from_utf8(generated).ok()?;
    let json = generated.strip_prefix(OPEN_TAG)?.strip_suffix(CLOSE_TAG)?;
    let call: Json = serde_json::from_str(json.trim()).ok()?;
    Some(ToolCall {
        id: None,
        name: call.get("name")?.as_str()?.to_owned(),
        arguments: call.get("arguments")?.clone(),
    })
}
