//! Reading the text of an answer into the output type.

use std::any::Any;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::find;
use super::fit::Rules;
use super::misfit::Misfit;
use super::problem;
use super::repair::Repair;
use super::thinking::begins_to_think;
use super::{Content, Expectation, Output, Root, Typed, VALUE};
use crate::error::{Detail, Error, excerpt};
use crate::schema::Schema;

/// The place an answer is read into.
///
/// The pipeline sees it as [`Accept`], so that it is compiled once and not once an output type.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    value: Option<T>,
    ensure: Option<Ensure<T>>,
}

/// What a command says of its answers beside their type: adds the message of each condition that a value
/// breaks.
pub(crate) type Ensure<T> = fn(&T, &mut Vec<&'static str>);

/// An answer: what the model said, and what it thought.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) text: &'a str,
    pub(crate) thinking: Option<&'a str>,
}

/// Takes an answer, or says why not.
pub(crate) trait Accept: Send {
    /// Reads an answer. What had to be done to it is given back; nothing, usually.
    fn accept(
        &mut self,
        said: Said<'_>,
        expectation: &'static Expectation,
    ) -> Result<Vec<Repair>, Error>;
}

impl<T> Slot<T> {
    pub(crate) fn new(ensure: Option<Ensure<T>>) -> Self {
        Self {
            value: None,
            ensure,
        }
    }

    /// The value; `None` where no answer was accepted.
    pub(crate) fn into_value(self) -> Option<T> {
        self.value
    }
}

impl<T: Output> Accept for Slot<T> {
    fn accept(
        &mut self,
        said: Said<'_>,
        expectation: &'static Expectation,
    ) -> Result<Vec<Repair>, Error> {
        let invalid = |Misfit { path, problem }| {
            Error::new(Detail::InvalidOutput {
                output: &expectation.type_name,
                path,
                problem,
                excerpt: excerpt(said.text),
            })
            .after_text(said.text.to_owned())
        };
        let repairs = match &expectation.content {
            Content::Ignored => {
                self.put(());
                Vec::new()
            }
            Content::Text => {
                // A thinking text without an end has no answer behind it.
                if said.text.trim().is_empty() || begins_to_think(said.text) {
                    return Err(Error::new(Detail::Empty));
                }
                self.put(said.text.to_owned());
                Vec::new()
            }
            Content::Json(typed) => {
                let read = typed_value(said, typed);
                let (value, repairs) = read.map_err(|misfit| match misfit {
                    None => Error::new(Detail::Empty),
                    Some(misfit) => invalid(misfit),
                })?;
                self.value = Some(value);
                repairs
            }
        };
        match self.broken() {
            None => Ok(repairs),
            Some(problem) => Err(invalid(Misfit::of_whole(problem))),
        }
    }
}

impl<T: 'static> Slot<T> {
    /// Keeps a value of the type that `T` is known to be.
    fn put<V: 'static>(&mut self, value: V) {
        let place: &mut dyn Any = &mut self.value;
        if let Some(place) = place.downcast_mut::<Option<V>>() {
            *place = Some(value);
        }
    }

    /// The messages of the conditions that the value breaks; `None` where it keeps to all.
    fn broken(&self) -> Option<String> {
        let mut broken = Vec::new();
        self.ensure?(self.value.as_ref()?, &mut broken);
        (!broken.is_empty()).then(|| broken.join("; "))
    }
}

/// The value of an answer, the short way where that goes; `None` as the error where there is no answer.
fn typed_value<T: DeserializeOwned>(
    said: Said<'_>,
    typed: &Typed,
) -> Result<(T, Vec<Repair>), Option<Misfit>> {
    let text = said.text;
    if text.trim().is_empty() {
        // Some servers leave a thinking model's answer where its thinking was.
        let thinking = said.thinking.ok_or(None)?;
        let (value, mut repairs) = the_long_way(thinking, typed).map_err(|_| None)?;
        repairs.insert(0, Repair::FromThinking);
        return Ok((value, repairs));
    }
    match the_short_way(text, typed.root) {
        Ok(value) if !typed.rules.constrained => Ok((value, Vec::new())),
        // The type takes it: what is left is what only the schema says. What a type skips over may be no
        // value all the same: a number without bounds, half a character.
        Ok(value) => {
            let json = serde_json::from_str::<Value>(text);
            let json =
                json.map_err(|error| Some(Misfit::of_whole(format!("not JSON: {error}"))))?;
            let held = typed.rules.hold(&json, &typed.schema);
            held.map_err(|misfit| Some(inside(misfit, typed.root).shown()))?;
            Ok((value, Vec::new()))
        }
        Err(_) => the_long_way(text, typed)
            .map_err(|misfit| Some(misfit.unwrap_or_else(|| no_json(text)))),
    }
}

/// What is wrong with a text that holds no JSON that could be taken for the answer.
pub(super) fn no_json(text: &str) -> Misfit {
    let problem = match serde_json::from_str::<Value>(text) {
        _ if !text.contains(['{', '[']) => "expected JSON, found none".to_owned(),
        Err(error) => format!("not JSON: {error}"),
        // It is JSON, but not that of a value that could be asked for.
        Ok(_) => "expected an object".to_owned(),
    };
    Misfit::of_whole(problem)
}

/// Straight into the type. A derived reader takes a list for a struct, field by field: what is asked for
/// is an object.
fn the_short_way<T: DeserializeOwned>(text: &str, root: Root) -> Result<T, serde_json::Error> {
    match root {
        Root::Value | Root::Wrapped if !text.trim_start().starts_with('{') => {
            Err(serde::de::Error::custom("expected an object"))
        }
        Root::Any | Root::Value => serde_json::from_str(text),
        Root::Wrapped => serde_json::from_str(text).map(|Wrapped { value }| value),
    }
}

#[derive(Deserialize)]
struct Wrapped<T: DeserializeOwned> {
    // By a function, because a missing field is `None` to serde where `T` is an `Option`.
    #[serde(deserialize_with = "T::deserialize")]
    value: T,
}

/// By way of JSON that is found, brought into shape and checked. `None` as the error where none is found.
fn the_long_way<T: DeserializeOwned>(
    text: &str,
    typed: &Typed,
) -> Result<(T, Vec<Repair>), Option<Misfit>> {
    let Typed {
        root,
        schema,
        rules,
        ..
    } = typed;
    let Some((mut json, mut repairs)) = find::json(text, *root, schema) else {
        // Of JSON that is none, its reader knows best what is wrong.
        return Err(None);
    };
    let misfit = |misfit: Misfit| Some(inside(misfit, *root).shown());
    if json.is_object() || *root == Root::Any {
        // As it stands, if the type takes it.
        if let Ok(value) = from_value(&json, *root, schema) {
            rules.hold(&json, schema).map_err(misfit)?;
            return Ok((value, repairs));
        }
    }
    rules.fit(&mut json, schema, &mut repairs).map_err(misfit)?;
    let read = match from_value(&json, *root, schema) {
        Err(Misfit { problem, .. }) if problem.starts_with("unknown field") => {
            Rules::drop_unknown(&mut json, schema, &mut repairs);
            from_value(&json, *root, schema)
        }
        read => read,
    };
    Ok((read.map_err(misfit)?, repairs))
}

fn from_value<T: DeserializeOwned>(json: &Value, root: Root, schema: &Schema) -> Result<T, Misfit> {
    let read = match root {
        Root::Any | Root::Value => serde_path_to_error::deserialize(json),
        Root::Wrapped => serde_path_to_error::deserialize(json).map(|Wrapped { value }| value),
    };
    read.map_err(|error| problem::of(&error, json, schema))
}

/// The wrapping is Alloy's own: a path begins in the output type.
fn inside(misfit: Misfit, root: Root) -> Misfit {
    let Misfit { path, problem } = misfit;
    let inside = match root {
        Root::Wrapped => path
            .strip_prefix(VALUE)
            .map(|path| path.strip_prefix('.').unwrap_or(path)),
        Root::Any | Root::Value => None,
    };
    let path = match inside {
        Some("") => ".".to_owned(),
        Some(inside) => inside.to_owned(),
        None => path,
    };
    Misfit { path, problem }
}
