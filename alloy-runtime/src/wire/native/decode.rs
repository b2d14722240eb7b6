//! Replies of Ollama's own protocol.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;

use crate::error::{Detail, Error};
use crate::reply::{FinishReason, Reply, Timings, Usage};
use crate::wire::failure;

/// The unstreamed reply. Counts and durations are left out by the server when zero.
#[derive(Deserialize)]
struct Envelope<'a> {
    message: Option<Said>,
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
struct Said {
    content: Option<String>,
    thinking: Option<String>,
}

/// Reads a body whose status is 200.
pub(crate) fn reply(body: &[u8]) -> Result<Reply, Error> {
    let envelope: Envelope<'_> =
        serde_json::from_slice(body).map_err(|error| failure::no_reply(body, &error))?;
    if let Some(text) = envelope.error {
        // Servers before 0.12.6 answer errors with status 200.
        return Err(failure::of_text(200, &text, ""));
    }
    let Some(said) = envelope.message else {
        return Err(failure::protocol("it has no `message`", body));
    };
    let text = said.content.unwrap_or_default();
    if !envelope.done {
        return Err(Error::new(Detail::Unfinished { text }));
    }
    let done_reason = envelope
        .done_reason
        .as_deref()
        .filter(|word| !word.is_empty());
    let finish_reason = done_reason.map(FinishReason::from_wire);
    let nanos = |count: Option<u64>| count.map(Duration::from_nanos);
    Ok(Reply {
        text,
        thinking: said.thinking.filter(|text| !text.is_empty()),
        finish_reason,
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
