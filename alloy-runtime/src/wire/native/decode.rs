//! Replies of Ollama's own protocol.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;

use crate::error::Error;
use crate::reply::{FinishReason, Timings, Usage};
use crate::wire::failure;
use crate::wire::piece::Piece;

/// One object: a line of a stream, or the whole of a reply that is none. Counts and durations are left out
/// by the server when zero, and stand in the last one.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    message: Option<Said<'a>>,
    #[serde(default)]
    done: bool,
    #[serde(default, borrow)]
    done_reason: Option<Cow<'a, str>>,
    total_duration: Option<u64>,
    load_duration: Option<u64>,
    prompt_eval_duration: Option<u64>,
    eval_duration: Option<u64>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
    #[serde(default, borrow)]
    error: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Said<'a> {
    content: Option<String>,
    #[serde(default, borrow)]
    thinking: Option<Cow<'a, str>>,
}

/// Reads an object of a reply whose status is 200.
pub(crate) fn piece(json: &[u8]) -> Result<Piece<'_>, Error> {
    let envelope: Envelope<'_> =
        serde_json::from_slice(json).map_err(|error| failure::no_reply(json, &error))?;
    if let Some(text) = envelope.error {
        // The end of a stream that failed; servers before 0.12.6 answer all errors so.
        return Err(failure::of_text(200, &text, ""));
    }
    let Some(said) = envelope.message else {
        return Err(failure::protocol("it has no `message`", json));
    };
    let done_reason = envelope
        .done_reason
        .as_deref()
        .filter(|word| !word.is_empty());
    let nanos = |count: Option<u64>| count.map(Duration::from_nanos);
    Ok(Piece {
        said: true,
        text: said.content.unwrap_or_default(),
        thinking: said.thinking,
        refusal: None,
        finish_reason: done_reason.map(FinishReason::from_wire),
        finished: envelope.done,
        usage: Usage {
            prompt_tokens: envelope.prompt_eval_count,
            completion_tokens: envelope.eval_count,
        },
        timings: Timings {
            total: nanos(envelope.total_duration),
            load: nanos(envelope.load_duration),
            prompt: nanos(envelope.prompt_eval_duration),
            generation: nanos(envelope.eval_duration),
        },
    })
}
