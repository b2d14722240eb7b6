//! What the engine is asked for: the body of a request, read back.
//!
//! A request is bytes on every route, so that what is shown, recorded or kept of it is the same on each.

use serde::{Deserialize, Deserializer};
use serde_json::{Value as Json, json};

/// A request.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Order {
    #[serde(deserialize_with = "messages")]
    pub(super) messages: Vec<Json>,
    pub(super) tools: Option<Json>,
    /// What is to be enforced of the calls of tools: a list of schemas.
    pub(super) calls: Option<Json>,
    /// What is to be enforced: a schema, or `"json"` for any.
    pub(super) format: Option<Json>,
    /// How much the model is to think: a truth or a level.
    think: Option<Json>,
    #[serde(skip)]
    pub(super) thinks: Option<bool>,
    #[serde(default)]
    pub(super) stream: bool,
    /// In seconds; below zero for ever.
    pub(super) keep_alive: Option<f64>,
    #[serde(default)]
    pub(super) options: Wanted,
}

/// How tokens are chosen, and how many.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    pub(super) temperature: Option<f64>,
    pub(super) num_predict: Option<usize>,
    #[serde(deserialize_with = "whole")]
    pub(super) num_ctx: Option<i64>,
    #[serde(deserialize_with = "whole")]
    pub(super) seed: Option<i64>,
    #[serde(deserialize_with = "whole")]
    pub(super) top_k: Option<i64>,
    pub(super) top_p: Option<f64>,
    pub(super) min_p: Option<f64>,
    pub(super) repeat_penalty: Option<f32>,
    #[serde(deserialize_with = "whole")]
    pub(super) repeat_last_n: Option<i64>,
    pub(super) presence_penalty: Option<f32>,
    pub(super) frequency_penalty: Option<f32>,
    #[serde(deserialize_with = "texts")]
    pub(super) stop: Vec<String>,
}

impl Order {
    pub(super) fn of(body: &[u8]) -> serde_json::Result<Self> {
        let mut order: Self = serde_json::from_slice(body)?;
        order.thinks = match &order.think {
            Some(Json::Bool(thinks)) => Some(*thinks),
            Some(_) => Some(true),
            // A typed answer begins with its first token: a template that has a choice is not to think before it.
            None => order.format.is_some().then_some(false),
        };
        Ok(order)
    }

    /// Whether the model is to think, by the request's own words.
    pub(super) fn is_asked_to_think(&self) -> bool {
        self.thinks == Some(true)
    }

    /// The same conversation, with nothing in its last message.
    pub(super) fn with_other_ending(&self) -> Option<Self> {
        let mut other = self.clone();
        let last = other.messages.last_mut()?.as_object_mut()?;
        last.insert("content".to_owned(), json!(""));
        Some(other)
    }
}

/// A whole number, the nearest that there is room for.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number = i128::deserialize(deserializer)?;
    Ok(Some(i64::try_from(number).unwrap_or(if number < 0 {
        i64::MIN
    } else {
        i64::MAX
    })))
}

/// A list of texts, or one.
fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Texts {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Texts::deserialize(deserializer)? {
        Texts::One(text) => vec![text],
        Texts::Many(texts) => texts,
    })
}

/// Messages as chat templates expect them: calls are functions whose arguments are no text, and a tool's answer
/// has the name of the tool.
fn messages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Json>, D::Error> {
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
