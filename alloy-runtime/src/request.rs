//! What a command is before anything is decided about it.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, Layer, OptionPair, Options, Text, Think};
use crate::error::Error;
use crate::global::{Once, Resolved};
use crate::message::{Image, Message};
use crate::tool::{Tool, Toolset};

/// What a declaration says at compile time. One static a command.
#[derive(Debug)]
pub struct Definition {
    name: &'static str,
    layer: Layer,
    /// Its settings where a call sets none.
    pub(crate) resolved: Resolved,
    /// The tools that the attribute lists.
    tools: &'static [fn() -> Tool],
    /// The same, ready to be sent.
    toolset: Once<Result<Arc<Toolset>, Error>>,
}

/// One call of a command.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) definition: &'static Definition,
    pub(crate) prompt: String,
    /// What the prompt shows beside its text.
    pub(crate) images: Vec<Image>,
    /// The conversation before the prompt.
    pub(crate) history: Vec<Message>,
    /// The attribute's system text, where it is a template with parameters in it.
    pub(crate) system: Option<String>,
    /// The tools of this call, beside those that the attribute lists.
    pub(crate) tools: Vec<Tool>,
    /// Whether its text is read as it comes.
    pub(crate) streamed: bool,
    /// What the setters set; `None` where there were none.
    pub(crate) call: Option<Box<Layer>>,
    /// The scope that the command was made in.
    pub(crate) scope: Option<Arc<Config>>,
    /// The first error of the body or of a setter: it waits for the first poll.
    pub(crate) refused: Option<Error>,
}

/// Sets a field of a constant: what was there before, nothing, needs no destructor, which a constant
/// could not run.
macro_rules! with {
    ($definition:ident.$key:ident = $value:expr) => {{
        let mut definition = $definition;
        let _nothing = ManuallyDrop::new(definition.layer.$key.replace($value));
        definition
    }};
}

impl Definition {
    /// A command of this name, with nothing set.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            layer: Layer::EMPTY,
            resolved: Resolved::new(),
            tools: &[],
            toolset: Once::new(),
        }
    }

    /// `model = "…"`.
    #[must_use]
    pub const fn model(self, model: &'static str) -> Self {
        with!(self.model = Text::Static(model))
    }

    /// `system = "…"`, where it has no parameters in it.
    #[must_use]
    pub const fn system(self, system: &'static str) -> Self {
        with!(self.system = Text::Static(system))
    }

    /// `temperature = …`.
    #[must_use]
    pub const fn temperature(self, temperature: f64) -> Self {
        with!(self.temperature = temperature)
    }

    /// `max_tokens = …`.
    #[must_use]
    pub const fn max_tokens(self, max_tokens: u32) -> Self {
        with!(self.max_tokens = max_tokens)
    }

    /// `retry = …`.
    #[must_use]
    pub const fn retry(self, answers: u32) -> Self {
        with!(self.retry = answers)
    }

    /// `timeout = "…"`, in milliseconds.
    #[must_use]
    pub const fn timeout(self, millis: u64) -> Self {
        with!(self.timeout = Duration::from_millis(millis))
    }

    /// `max_tool_turns = …`.
    #[must_use]
    pub const fn max_tool_turns(self, turns: u32) -> Self {
        with!(self.max_tool_turns = turns)
    }

    /// `think = …`.
    #[must_use]
    pub const fn think(self, think: Think) -> Self {
        with!(self.think = think)
    }

    /// `options(…)`.
    #[must_use]
    pub const fn options(mut self, options: &'static [OptionPair]) -> Self {
        let options = Options::of_attribute(options);
        let _nothing = ManuallyDrop::new(std::mem::replace(&mut self.layer.options, options));
        self
    }

    /// `tools(…)`.
    #[must_use]
    pub const fn tools(mut self, tools: &'static [fn() -> Tool]) -> Self {
        self.tools = tools;
        self
    }

    /// The function's name.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The attribute as a layer.
    pub(crate) fn layer(&self) -> &Layer {
        &self.layer
    }
}

impl Request {
    /// A call of a declared command, with nothing set.
    pub(crate) fn new(
        definition: &'static Definition,
        prompt: String,
        scope: Option<Arc<Config>>,
    ) -> Self {
        Self {
            definition,
            prompt,
            images: Vec::new(),
            history: Vec::new(),
            system: None,
            tools: Vec::new(),
            streamed: false,
            call: None,
            scope,
            refused: None,
        }
    }

    /// The tools that the model may call; `None` where there are none.
    pub(crate) fn toolset(&self) -> Result<Option<Arc<Toolset>>, Error> {
        let Definition { tools, toolset, .. } = self.definition;
        let listed = || tools.iter().map(|tool| tool());
        if self.tools.is_empty() {
            if tools.is_empty() {
                return Ok(None);
            }
            let made = toolset.get_or_make(|| Toolset::of(listed().collect()).map(Arc::new));
            return made
                .as_ref()
                .map(Arc::clone)
                .map(Some)
                .map_err(Error::again);
        }
        let all = listed().chain(self.tools.iter().cloned());
        Ok(Some(Arc::new(Toolset::of(all.collect())?)))
    }

    /// The error that the command ends with, unless there is one already.
    pub(crate) fn refuse(&mut self, error: Error) {
        self.refused.get_or_insert(error);
    }
}

impl Request {
    /// The conversation up to the prompt, without the system message.
    pub(crate) fn conversation(&self) -> Vec<Message> {
        let mut messages = self.history.clone();
        let mut prompt = Message::user(self.prompt.as_str());
        prompt.images.clone_from(&self.images);
        messages.push(prompt);
        messages
    }

    /// The images of the whole conversation.
    pub(crate) fn all_images(&self) -> impl Iterator<Item = &Image> {
        let earlier = self.history.iter().flat_map(|message| &message.images);
        earlier.chain(&self.images)
    }
}
