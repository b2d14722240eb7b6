//! Replies of Ollama's own protocol.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::Error;
use crate::reply::{Timings, Usage};
use crate::wire::calls::Calls;
use crate::wire::gathered::Gathered;
use crate::wire::{failure, lenient};

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
    #[serde(default, deserialize_with = "lenient::count")]
    total_duration: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    load_duration: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    prompt_eval_duration: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    eval_duration: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    prompt_eval_count: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    eval_count: Option<u64>,
    error: Option<IgnoredAny>,
}

/// What the usual line of a stream has: a text, and nothing else. Another is read as an [`Envelope`].
#[derive(Deserialize)]
struct Line {
    message: Piece,
    done: bool,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Piece {
    content: String,
    thinking: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Said<'a> {
    content: Option<String>,
    #[serde(default, borrow)]
    thinking: Option<Cow<'a, str>>,
    #[serde(default)]
    tool_calls: Calls,
}

/// Reads an object of a reply whose status is 200, and gives its text.
pub(crate) fn read(json: &str, gathered: &mut Gathered) -> Result<String, Error> {
    let envelope: Envelope<'_> =
        serde_json::from_str(json).map_err(|error| failure::no_reply(json, &error))?;
    if envelope.error.is_some() {
        // The end of a stream that failed; servers before 0.12.6 answer all errors so.
        return Err(failure::of_body(200, json));
    }
    let Some(said) = envelope.message else {
        return Err(failure::protocol("it has no `message`", json));
    };
    if envelope.done {
        gathered.finish(envelope.done_reason.as_deref());
        gathered.usage = Usage {
            prompt_tokens: envelope.prompt_eval_count,
            completion_tokens: envelope.eval_count,
            cached_tokens: None,
        };
        let nanos = |count: Option<u64>| count.map(Duration::from_nanos);
        gathered.timings = Timings {
            total: nanos(envelope.total_duration),
            load: nanos(envelope.load_duration),
            prompt: nanos(envelope.prompt_eval_duration),
            generation: nanos(envelope.eval_duration),
        };
    }
    gathered.say(said.thinking.as_deref(), said.tool_calls);
    Ok(said.content.unwrap_or_default())
}

/// Reads a line of a stream, of which there are thousands, and gives its text.
pub(crate) fn read_line(json: &str, gathered: &mut Gathered) -> Result<String, Error> {
    match serde_json::from_str(json) {
        Ok(Line {
            message: Piece {
                content,
                thinking: None,
            },
            done: false,
            error: None,
        }) => {
            gathered.said = true;
            Ok(content)
        }
        _ => read(json, gathered),
    }
}
