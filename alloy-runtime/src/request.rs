//! What a command is before anything is decided about it.

use std::time::Duration;

use crate::config::{Layer, Text};
use crate::error::Error;

/// What a declaration says at compile time. One static a command.
#[derive(Debug)]
pub struct Definition {
    name: &'static str,
    model: Option<&'static str>,
    system: Option<&'static str>,
    temperature: Option<f64>,
    max_tokens: Option<u32>,
    timeout: Option<Duration>,
}

/// One call of a command.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) definition: &'static Definition,
    pub(crate) prompt: String,
    /// The attribute's system text, where it is a template with parameters in it.
    pub(crate) system: Option<String>,
    /// What the setters set.
    pub(crate) call: Layer,
    /// The first error of the body or of a setter: it waits for the first poll.
    pub(crate) refused: Option<Error>,
}

impl Definition {
    /// A command of this name, with nothing set.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            model: None,
            system: None,
            temperature: None,
            max_tokens: None,
            timeout: None,
        }
    }

    /// `model = "…"`.
    #[must_use]
    pub const fn model(mut self, model: &'static str) -> Self {
        self.model = Some(model);
        self
    }

    /// `system = "…"`, where it has no parameters in it.
    #[must_use]
    pub const fn system(mut self, system: &'static str) -> Self {
        self.system = Some(system);
        self
    }

    /// `temperature = …`.
    #[must_use]
    pub const fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// `max_tokens = …`.
    #[must_use]
    pub const fn max_tokens(mut self, max_tokens: u32) -> Self {
        self.max_tokens = Some(max_tokens);
        self
    }

    /// `timeout = "…"`, in milliseconds.
    #[must_use]
    pub const fn timeout_millis(mut self, millis: u64) -> Self {
        self.timeout = Some(Duration::from_millis(millis));
        self
    }

    /// The function's name.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The attribute as a layer. `rendered` is its system text where that had to be rendered.
    pub(crate) fn layer(&self, rendered: Option<String>) -> Layer {
        let Self {
            name: _,
            model,
            system,
            temperature,
            max_tokens,
            timeout,
        } = *self;
        Layer {
            model: model.map(Text::Static),
            system: rendered.map(Text::Owned).or(system.map(Text::Static)),
            temperature,
            max_tokens,
            timeout,
            ..Layer::default()
        }
    }
}
