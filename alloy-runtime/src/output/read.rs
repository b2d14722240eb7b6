//! Reading the text of an answer into the output type.

use std::any::Any;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Content, Expectation, Output, Root};
use crate::error::{Detail, Error, excerpt};

/// The place an answer is read into.
///
/// The pipeline sees it as [`Accept`], so that it is compiled once and not once an output type.
#[derive(Debug)]
pub(crate) struct Slot<T>(Option<T>);

/// Takes an answer, or says why not.
pub(crate) trait Accept: Send {
    /// Reads `text`, the whole answer of the model.
    fn accept(&mut self, text: &str, expectation: &'static Expectation) -> Result<(), Error>;
}

impl<T> Slot<T> {
    pub(crate) fn new() -> Self {
        Self(None)
    }

    /// The value; `None` where no answer was accepted.
    pub(crate) fn into_value(self) -> Option<T> {
        self.0
    }
}

impl<T: Output> Accept for Slot<T> {
    fn accept(&mut self, text: &str, expectation: &'static Expectation) -> Result<(), Error> {
        let blank = text.trim().is_empty();
        match &expectation.content {
            Content::Ignored => self.put(()),
            Content::Text | Content::Json { .. } if blank => return Err(Error::new(Detail::Empty)),
            Content::Text => self.put(text.to_owned()),
            Content::Json { root, .. } => {
                let read = match root {
                    Root::Any => from_json(text),
                    Root::Value => object(text).and_then(from_json),
                    Root::Wrapped => object(text).and_then(wrapped_value),
                };
                let value = read.map_err(|Misfit { path, problem }| {
                    Error::new(Detail::InvalidOutput {
                        output: &expectation.type_name,
                        path,
                        problem,
                        excerpt: excerpt(text),
                        text: text.to_owned(),
                    })
                })?;
                self.0 = Some(value);
            }
        }
        Ok(())
    }
}

impl<T: 'static> Slot<T> {
    /// Keeps a value of the type that `T` is known to be.
    fn put<V: 'static>(&mut self, value: V) {
        let place: &mut dyn Any = &mut self.0;
        if let Some(place) = place.downcast_mut::<Option<V>>() {
            *place = Some(value);
        }
    }
}

/// Why a text is no value of a type: where in it, and what is wrong there.
struct Misfit {
    /// `.` for the value as a whole.
    path: String,
    problem: String,
}

/// A derived reader takes a list for a struct, field by field: what is asked for is an object.
fn object(text: &str) -> Result<&str, Misfit> {
    match text.trim_start().starts_with('[') {
        true => Err(Misfit {
            path: ".".to_owned(),
            problem: "expected an object, found a list".to_owned(),
        }),
        false => Ok(text),
    }
}

fn wrapped_value<T: DeserializeOwned>(text: &str) -> Result<T, Misfit> {
    #[derive(Deserialize)]
    struct Wrapped<T: DeserializeOwned> {
        // By a function, because a missing field is `None` to serde where `T` is an `Option`.
        #[serde(deserialize_with = "T::deserialize")]
        value: T,
    }
    match from_json::<Wrapped<T>>(text) {
        Ok(Wrapped { value }) => Ok(value),
        Err(Misfit { path, problem }) => {
            // The wrapping is Alloy's own: the path begins in the output type.
            let inside = path
                .strip_prefix("value")
                .map(|path| path.strip_prefix('.').unwrap_or(path));
            let path = match inside {
                Some("") | None => ".".to_owned(),
                Some(inside) => inside.to_owned(),
            };
            Err(Misfit { path, problem })
        }
    }
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Misfit> {
    // Following the path costs time: it is worth a second reading only where the first one failed.
    serde_json::from_str(text).or_else(|error| {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        match serde_path_to_error::deserialize(&mut deserializer) {
            Ok(value) => deserializer
                .end()
                .map(|()| value)
                .map_err(|_| at_root(&error)),
            // Both may quote what the model wrote.
            Err(error) if error.inner().is_data() => Err(Misfit {
                path: excerpt(&error.path().to_string()),
                problem: excerpt(&problem(error.inner())),
            }),
            Err(error) => Err(at_root(error.inner())),
        }
    })
}

fn at_root(error: &serde_json::Error) -> Misfit {
    Misfit {
        path: ".".to_owned(),
        problem: format!("not JSON: {error}"),
    }
}

/// What the deserializer says, in the order in which a person asks: what belongs there, what stood
/// there.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text);
    let mismatch = text
        .strip_prefix("invalid type: ")
        .or_else(|| text.strip_prefix("invalid value: "))
        .and_then(|rest| rest.rsplit_once(", expected "));
    match mismatch {
        Some((found, expected)) => format!("expected {expected}, found {found}"),
        None => text.to_owned(),
    }
}
