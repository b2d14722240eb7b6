//! Replies of Chat Completions.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::error::{Detail, Error, excerpt};
use crate::reply::{FinishReason, Reply, Timings, Usage};
use crate::wire::failure;

/// The unstreamed reply, as Ollama and other servers send it.
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
    message: Option<Said>,
    #[serde(default, borrow)]
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
    /// The thinking text.
    reasoning: Option<String>,
    /// The word of other servers for it; some send both.
    reasoning_content: Option<String>,
    /// Why the model would not answer, where the server keeps that apart.
    refusal: Option<String>,
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

/// Reads a body whose status is 200.
pub(crate) fn reply(body: &[u8]) -> Result<Reply, Error> {
    let envelope: Envelope<'_> =
        serde_json::from_slice(body).map_err(|error| failure::no_reply(body, &error))?;
    if envelope.error.is_some() && !matches!(envelope.choices, Some(First(Some(_)))) {
        return Err(failure::of_body(200, body));
    }
    let Some(choices) = envelope.choices else {
        return Err(failure::protocol("it has no `choices`", body));
    };
    let Some(Choice {
        message: Some(said),
        finish_reason,
    }) = choices.0
    else {
        return Err(failure::protocol("its `choices` have no `message`", body));
    };
    let text = said.content.unwrap_or_default();
    // What a filter cut looks like a whole answer.
    let filtered = finish_reason.as_deref() == Some("content_filter");
    let refusal = said.refusal.filter(|refusal| !refusal.is_empty());
    if let Some(refusal) = refusal.or(filtered.then(|| "its server filtered the answer".to_owned()))
    {
        return Err(Error::new(Detail::Refused {
            text: excerpt(&refusal),
        }));
    }
    // The server leaves the reason out where the generation ended before its end.
    let Some(finish_reason) = finish_reason.filter(|word| !word.is_empty()) else {
        return Err(Error::new(Detail::Unfinished { text }));
    };
    let (prompt_tokens, completion_tokens) = match envelope.usage {
        Some(counted) => (counted.prompt_tokens, counted.completion_tokens),
        None => (None, None),
    };
    Ok(Reply {
        text,
        thinking: said
            .reasoning
            .or(said.reasoning_content)
            .filter(|text| !text.is_empty()),
        finish_reason: Some(FinishReason::from_wire(&finish_reason)),
        usage: Usage {
            prompt_tokens,
            completion_tokens,
        },
        timings: Timings::default(),
    })
}
