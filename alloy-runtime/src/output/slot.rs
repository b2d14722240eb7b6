//! Stores the value of an accepted answer.

use std::any::Any;
#[cfg(feature = "testing")]
use std::fmt;
#[cfg(feature = "testing")]
use std::sync::Arc;

use super::Output;
use super::mismatch::Mismatch;
use super::parse::{AnswerText, ReadError, parse};
use super::repair::Repair;
use super::spec::{Content, OutputSpec};
use super::thinking::starts_with_thinking;
use crate::error::{AnswerError, Error, excerpt};

/// The value of the accepted answer, once there is one.
///
/// The pipeline uses it as a `dyn` [`Accept`], so that the pipeline is compiled once and not once per output type.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    value: Option<T>,
    ensure: Option<Ensure<T>>,
}

/// The `#[ensure]` conditions of a command: appends the message of each condition that a value breaks.
pub(crate) type Ensure<T> = fn(&T, &mut Vec<&'static str>);

/// Accepts or rejects answers.
pub(crate) trait Accept: Send {
    /// Reads an answer, and returns the repairs that it needed.
    ///
    /// # Errors
    ///
    /// Returns an error if the answer is empty, is not a valid value of the output type, or breaks an `#[ensure]`.
    fn accept(
        &mut self,
        answer: AnswerText<'_>,
        output: &'static OutputSpec,
    ) -> Result<Vec<Repair>, Error>;
}

impl<T> Slot<T> {
    pub(crate) fn new(ensure: Option<Ensure<T>>) -> Self {
        Self {
            value: None,
            ensure,
        }
    }

    /// Returns the value of the accepted answer.
    pub(crate) fn into_value(self) -> Option<T> {
        self.value
    }
}

impl<T: Output> Accept for Slot<T> {
    fn accept(
        &mut self,
        answer: AnswerText<'_>,
        output: &'static OutputSpec,
    ) -> Result<Vec<Repair>, Error> {
        let invalid = |mismatches: Vec<Mismatch>| {
            let mut mismatches = mismatches.into_iter();
            let first = mismatches.next();
            let Mismatch { path, problem } =
                first.unwrap_or_else(|| Mismatch::of_whole_value(String::new()));
            Error::new(AnswerError::InvalidOutput {
                output: &output.type_name,
                path,
                problem,
                others: mismatches.map(|other| other.to_string()).collect(),
                excerpt: excerpt(answer.text),
            })
            .with_partial_text(answer.text.to_owned())
        };
        let repairs = match &output.content {
            Content::Ignored => {
                self.put(());
                Vec::new()
            }
            Content::Text => {
                // No answer follows a thinking text without an end.
                if answer.text.trim().is_empty() || starts_with_thinking(answer.text) {
                    return Err(Error::new(AnswerError::Empty));
                }
                self.put(answer.text.to_owned());
                Vec::new()
            }
            Content::Json(typed) => {
                let (value, repairs) = parse(answer, typed).map_err(|error| match error {
                    ReadError::Empty => Error::new(AnswerError::Empty),
                    ReadError::Invalid(mismatches) => invalid(mismatches),
                })?;
                self.value = Some(value);
                repairs
            }
        };
        match self.broken_conditions() {
            None => Ok(repairs),
            Some(problem) => Err(invalid(vec![Mismatch::of_whole_value(problem)])),
        }
    }
}

#[cfg(feature = "testing")]
impl OutputSpec {
    /// Adds the function that reads an answer as a value of `T`, which this specification is for.
    pub(crate) fn with_check<T: Output>(self) -> Self {
        Self {
            check: Some(|text, output| check::<T>(text, output, None)),
            ..self
        }
    }
}

/// The `#[ensure]` conditions of a command for a stand-in, which checks its answers and does not know their type.
#[cfg(feature = "testing")]
#[derive(Clone)]
pub(crate) struct Conditions(Arc<CheckConditions>);

#[cfg(feature = "testing")]
type CheckConditions =
    dyn Fn(&str, &'static OutputSpec) -> Result<Vec<Repair>, Error> + Send + Sync;

#[cfg(feature = "testing")]
impl Conditions {
    pub(crate) fn new<T: Output>(ensure: Ensure<T>) -> Self {
        Self(Arc::new(move |text, output| {
            check::<T>(text, output, Some(ensure))
        }))
    }

    /// Reads an answer, and returns the repairs that it needed. The value is dropped.
    ///
    /// # Errors
    ///
    /// The answer is not valid, or breaks a condition.
    pub(crate) fn check(
        &self,
        text: &str,
        output: &'static OutputSpec,
    ) -> Result<Vec<Repair>, Error> {
        (self.0)(text, output)
    }
}

#[cfg(feature = "testing")]
impl fmt::Debug for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Conditions")
    }
}

#[cfg(feature = "testing")]
fn check<T: Output>(
    text: &str,
    output: &'static OutputSpec,
    ensure: Option<Ensure<T>>,
) -> Result<Vec<Repair>, Error> {
    let answer = AnswerText {
        text,
        thinking: None,
    };
    Slot::<T>::new(ensure).accept(answer, output)
}

impl<T: 'static> Slot<T> {
    /// Stores a value of the type that `T` is known to be.
    fn put<V: 'static>(&mut self, value: V) {
        let place: &mut dyn Any = &mut self.value;
        if let Some(place) = place.downcast_mut::<Option<V>>() {
            *place = Some(value);
        }
    }

    /// Returns the messages of the conditions that the value breaks; `None` if it satisfies all.
    fn broken_conditions(&self) -> Option<String> {
        let mut broken = Vec::new();
        self.ensure?(self.value.as_ref()?, &mut broken);
        (!broken.is_empty()).then(|| broken.join("; "))
    }
}
