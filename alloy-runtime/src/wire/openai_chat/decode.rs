//! Replies of Chat Completions.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::Error;
use crate::reply::{FinishReason, Usage};
use crate::wire::failure;
use crate::wire::gathered::Gathered;

/// One object, as Ollama and other servers send it: an event of a stream, or the whole of a reply that is
/// none.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default, borrow)]
    choices: Option<First<Choice<'a>>>,
    usage: Option<Counted>,
    error: Option<IgnoredAny>,
}

/// The first item of a list. One is asked for; a server that sends a million fills no memory.
struct First<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
            type Value = First<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<First<T>, A::Error> {
                let first = items.next_element()?;
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(alias = "delta", borrow)]
    message: Option<Said<'a>>,
    #[serde(default, borrow)]
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Said<'a> {
    content: Option<String>,
    /// The thinking text.
    #[serde(default, borrow)]
    reasoning: Option<Cow<'a, str>>,
    /// The word of other servers for it; some send both.
    #[serde(default, borrow)]
    reasoning_content: Option<Cow<'a, str>>,
    /// Why the model would not answer, where the server keeps that apart.
    #[serde(default, borrow)]
    refusal: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Counted {
    #[serde(default, deserialize_with = "count")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    completion_tokens: Option<u64>,
}

/// A count. One that is none is no reason to lose an answer.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_u64())
}

/// Reads an object of a reply whose status is 200, and gives its text.
pub(crate) fn read(json: &str, gathered: &mut Gathered) -> Result<String, Error> {
    let envelope: Envelope<'_> =
        serde_json::from_str(json).map_err(|error| failure::no_reply(json, &error))?;
    if envelope.error.is_some() && !matches!(envelope.choices, Some(First(Some(_)))) {
        return Err(failure::of_body(200, json));
    }
    let Some(First(choice)) = envelope.choices else {
        return Err(failure::protocol("it has no `choices`", json));
    };
    if let Some(counted) = envelope.usage {
        gathered.usage = Usage {
            prompt_tokens: counted.prompt_tokens,
            completion_tokens: counted.completion_tokens,
        };
    }
    // The last object of a stream has no choice, but what was used.
    let Some(choice) = choice else {
        return Ok(String::new());
    };
    // The server leaves the reason out where the generation ended before its end.
    if let Some(word) = choice.finish_reason.filter(|word| !word.is_empty()) {
        gathered.finished = true;
        gathered.finish_reason = Some(FinishReason::from_wire(&word));
    }
    let Some(said) = choice.message else {
        return Ok(String::new());
    };
    gathered.said = true;
    let thinking = said.reasoning.or(said.reasoning_content);
    gathered.thinking += thinking.as_deref().unwrap_or_default();
    gathered.refusal += said.refusal.as_deref().unwrap_or_default();
    Ok(said.content.unwrap_or_default())
}
