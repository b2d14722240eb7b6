//! Replies of Chat Completions.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::error::Error;
use crate::reply::Usage;
use crate::wire::calls::Calls;
use crate::wire::gathered::Gathered;
use crate::wire::{failure, lenient};

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

impl First<Choice<'_>> {
    /// Whether there is an answer in it, or a piece of one, that an error beside it would lose.
    fn says_something(&self) -> bool {
        let Self(Some(choice)) = self else {
            return false;
        };
        let said = choice.message.as_ref().or(choice.delta.as_ref());
        let text = said.and_then(|said| said.content.as_deref());
        let calls = said.is_some_and(|said| !said.tool_calls.0.is_empty());
        let failed = choice.finish_reason.as_deref() == Some("error");
        !failed && (calls || text.is_some_and(|text| !text.is_empty()))
    }
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default, deserialize_with = "lenient::count")]
    index: Option<u64>,
    #[serde(borrow)]
    message: Option<Said<'a>>,
    /// What an event has instead; some servers send both, in a reply and in an event.
    #[serde(borrow)]
    delta: Option<Said<'a>>,
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
    #[serde(default)]
    tool_calls: Calls,
}

#[derive(Deserialize)]
struct Counted {
    #[serde(default, deserialize_with = "lenient::count")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    completion_tokens: Option<u64>,
}

/// What the usual event of a stream has: a text, and nothing else. Another is read as an [`Envelope`].
#[derive(Deserialize)]
struct Event {
    choices: First<Piece>,
    usage: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Piece {
    #[serde(default)]
    index: u32,
    delta: Delta,
    finish_reason: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Delta {
    content: String,
    reasoning: Option<IgnoredAny>,
    reasoning_content: Option<IgnoredAny>,
    refusal: Option<IgnoredAny>,
}

/// Reads an event of a stream, of which there are thousands, and gives its text.
pub(crate) fn read_event(json: &str, gathered: &mut Gathered) -> Result<String, Error> {
    match serde_json::from_str(json) {
        Ok(Event {
            choices:
                First(Some(Piece {
                    index: 0,
                    delta:
                        Delta {
                            content,
                            reasoning: None,
                            reasoning_content: None,
                            refusal: None,
                        },
                    finish_reason: None,
                })),
            usage: None,
            error: None,
        }) => {
            gathered.said = true;
            Ok(content)
        }
        _ => read_choice(json, gathered, |choice| choice.delta.or(choice.message)),
    }
}

/// Reads an object of a reply whose status is 200, and gives its text.
pub(crate) fn read(json: &str, gathered: &mut Gathered) -> Result<String, Error> {
    read_choice(json, gathered, |choice| choice.message.or(choice.delta))
}

/// `said` takes from a choice what was said.
fn read_choice(
    json: &str,
    gathered: &mut Gathered,
    said: fn(Choice<'_>) -> Option<Said<'_>>,
) -> Result<String, Error> {
    let envelope: Envelope<'_> =
        serde_json::from_str(json).map_err(|error| failure::no_reply(json, &error))?;
    if envelope.error.is_some() && !envelope.choices.as_ref().is_some_and(First::says_something) {
        return Err(failure::of_body(200, json));
    }
    let Some(First(choice)) = envelope.choices else {
        return Err(failure::protocol("it has no `choices`", json));
    };
    if let Some(counted) = envelope.usage {
        gathered.usage = Usage {
            prompt_tokens: counted.prompt_tokens,
            completion_tokens: counted.completion_tokens,
            cached_tokens: None,
        };
    }
    // The last object of a stream has no choice, but what was used. Of several one was asked for.
    let Some(choice) = choice.filter(|choice| choice.index.is_none_or(|index| index == 0)) else {
        return Ok(String::new());
    };
    // The server leaves the reason out where the generation ended before its end.
    if let Some(word) = choice
        .finish_reason
        .as_deref()
        .filter(|word| !word.is_empty())
    {
        gathered.finish(Some(word));
    }
    let Some(said) = said(choice) else {
        return Ok(String::new());
    };
    let thinking = said.reasoning.or(said.reasoning_content);
    gathered.say(thinking.as_deref(), said.tool_calls);
    gathered.refusal += said.refusal.as_deref().unwrap_or_default();
    Ok(said.content.unwrap_or_default())
}
