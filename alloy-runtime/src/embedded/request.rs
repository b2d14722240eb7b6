//! A request, decoded from its JSON body.
//!
//! The engine takes a request as bytes, like a server does, so that previews and transcripts have the same form
//! on every route.

use serde::{Deserialize, Deserializer};
use serde_json::{Value as Json, json};

/// A chat request to the engine.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct EngineRequest {
    #[serde(deserialize_with = "template_messages")]
    pub(super) messages: Vec<Json>,
    pub(super) tools: Option<Json>,
    /// Schemas to enforce on tool calls: an array.
    pub(super) calls: Option<Json>,
    /// Schema to enforce on the answer, or `"json"` for any JSON.
    pub(super) format: Option<Json>,
    /// A boolean or a level of effort.
    think: Option<Json>,
    /// `None` leaves it to the template.
    #[serde(skip)]
    pub(super) thinks: Option<bool>,
    #[serde(default)]
    pub(super) stream: bool,
    /// Time that the model stays loaded afterwards, in seconds. A negative number means for ever.
    pub(super) keep_alive: Option<f64>,
    #[serde(default)]
    pub(super) options: SamplingOptions,
}

/// Options that control which tokens are sampled, and how many.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SamplingOptions {
    pub(super) temperature: Option<f64>,
    pub(super) num_predict: Option<usize>,
    #[serde(deserialize_with = "saturating_i64")]
    pub(super) num_ctx: Option<i64>,
    #[serde(deserialize_with = "saturating_i64")]
    pub(super) seed: Option<i64>,
    #[serde(deserialize_with = "saturating_i64")]
    pub(super) top_k: Option<i64>,
    pub(super) top_p: Option<f64>,
    pub(super) min_p: Option<f64>,
    pub(super) repeat_penalty: Option<f32>,
    #[serde(deserialize_with = "saturating_i64")]
    pub(super) repeat_last_n: Option<i64>,
    pub(super) presence_penalty: Option<f32>,
    pub(super) frequency_penalty: Option<f32>,
    #[serde(deserialize_with = "one_or_many")]
    pub(super) stop: Vec<String>,
}

impl EngineRequest {
    /// Decodes the body of a request.
    pub(super) fn from_body(body: &[u8]) -> serde_json::Result<Self> {
        let mut request: Self = serde_json::from_slice(body)?;
        request.thinks = match &request.think {
            Some(Json::Bool(thinks)) => Some(*thinks),
            Some(_) => Some(true),
            // A schema is enforced from the first token on: the template must not put thinking before it.
            None => request.format.is_some().then_some(false),
        };
        Ok(request)
    }

    /// Returns `true` if the request asks for thinking.
    pub(super) fn is_thinking_requested(&self) -> bool {
        self.thinks == Some(true)
    }

    /// Returns the same conversation with an empty last message.
    pub(super) fn with_empty_last_message(&self) -> Option<Self> {
        let mut other = self.clone();
        let last = other.messages.last_mut()?.as_object_mut()?;
        last.insert("content".to_owned(), json!(""));
        Some(other)
    }
}

/// Deserializes an integer and clamps it to the range of `i64`.
fn saturating_i64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = i128::deserialize(deserializer)?;
    Ok(Some(i64::try_from(number).unwrap_or(if number < 0 {
        i64::MIN
    } else {
        i64::MAX
    })))
}

/// Deserializes a string or an array of strings.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    })
}

/// Deserializes messages into the form that chat templates expect: a tool call has a type, a tool message names
/// its tool in `name`, and thinking is `reasoning_content`.
fn template_messages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Json>, D::Error> {
    let mut messages = Vec::<Json>::deserialize(deserializer)?;
    for message in &mut messages {
        let Some(message) = message.as_object_mut() else {
            continue;
        };
        if let Some(name) = message.remove("tool_name") {
            message.insert("name".to_owned(), name);
        }
        if let Some(thinking) = message.remove("thinking") {
            message.insert("reasoning_content".to_owned(), thinking);
        }
        let calls = message.get_mut("tool_calls").and_then(Json::as_array_mut);
        for call in calls.into_iter().flatten() {
            call["type"] = json!("function");
        }
    }
    Ok(messages)
}
