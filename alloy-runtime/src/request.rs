//! A command call before its settings are resolved.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Config, Layer, OptionPair, Options, SharedStr, Think, attribute_setters};
use crate::deadline::ServerPause;
use crate::error::Error;
use crate::global::{self, OnceValue, ResolvedCache, UsageSum};
use crate::message::{Image, Message};
#[cfg(feature = "testing")]
use crate::output::Conditions;
use crate::reply::Usage;
use crate::store::{AnswerPlaces, Journal};
use crate::tool::{Tool, Toolset};

/// The constant part of a declared command. Each expansion of `#[command]` has one `static`.
#[derive(Debug)]
pub struct CommandDefinition {
    name: &'static str,
    layer: Layer,
    /// The resolved settings of calls that set none.
    pub(crate) resolved: ResolvedCache,
    /// The text of the prompt before its parameters are put in; empty for a prompt that a body makes.
    template: &'static str,
    /// The tools that the attribute lists.
    tools: &'static [fn() -> Tool],
    /// The listed tools in the form that is sent, created by the first call that needs them.
    toolset: OnceValue<Result<Arc<Toolset>, Error>>,
}

/// One call of a command.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) definition: &'static CommandDefinition,
    pub(crate) prompt: String,
    /// The images of the prompt.
    pub(crate) images: Vec<Image>,
    /// The conversation before the prompt.
    pub(crate) history: Vec<Message>,
    /// The rendered system message, if the attribute's `system` is a template with parameters.
    pub(crate) system: Option<String>,
    /// The tools of this call, in addition to those that the attribute lists.
    pub(crate) tools: Vec<Tool>,
    /// `true` if the reply is streamed.
    pub(crate) streamed: bool,
    /// The settings of this call; `None` if no setter was called.
    pub(crate) overrides: Option<Box<Layer>>,
    /// The configuration of the [`with_config`](crate::with_config) scope that created the command.
    pub(crate) scope: Option<Arc<Config>>,
    /// The sum that counts the tokens of this call, by [`with_usage`](crate::with_usage).
    pub(crate) usage: Option<UsageSum>,
    /// The pause of the batch that the call belongs to.
    pub(crate) pause: Option<Arc<ServerPause>>,
    /// The journal of the batch that the call belongs to.
    pub(crate) journal: Option<Arc<Journal>>,
    /// The places in which the answer is kept, if it was found in none of them.
    pub(crate) places: Option<Box<AnswerPlaces>>,
    /// The `#[ensure]` conditions, for stand-ins.
    #[cfg(feature = "testing")]
    pub(crate) conditions: Option<Conditions>,
    /// The first error of the body or of a setter. The first poll returns it.
    pub(crate) deferred_error: Option<Error>,
}

impl CommandDefinition {
    /// Creates the definition of a command of this name, with nothing set.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            layer: Layer::EMPTY,
            resolved: ResolvedCache::new(),
            template: "",
            tools: &[],
            toolset: OnceValue::new(),
        }
    }

    attribute_setters!();

    /// Sets the options of the attribute.
    #[must_use]
    pub const fn options(mut self, options: &'static [OptionPair]) -> Self {
        let options = Options::from_static(options);
        // A constant cannot run a destructor; the options were empty before and need none.
        let _empty = ManuallyDrop::new(std::mem::replace(&mut self.layer.options, options));
        self
    }

    /// Sets the template of the prompt.
    #[must_use]
    pub const fn template(mut self, template: &'static str) -> Self {
        self.template = template;
        self
    }

    /// Sets the tools of the attribute.
    #[must_use]
    pub const fn tools(mut self, tools: &'static [fn() -> Tool]) -> Self {
        self.tools = tools;
        self
    }

    /// Returns the name of the function.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the text of the prompt before its parameters are put in.
    pub(crate) fn template_text(&self) -> &'static str {
        self.template
    }

    /// Returns the settings of the attribute.
    pub(crate) fn layer(&self) -> &Layer {
        &self.layer
    }
}

impl Request {
    /// Creates a call of a declared command, with nothing set.
    pub(crate) fn new(
        definition: &'static CommandDefinition,
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
            overrides: None,
            scope,
            usage: global::usage_sum(),
            pause: None,
            journal: None,
            places: None,
            #[cfg(feature = "testing")]
            conditions: None,
            deferred_error: None,
        }
    }

    /// Returns the tools that the model may call; `None` if there are none.
    pub(crate) fn toolset(&self) -> Result<Option<Arc<Toolset>>, Error> {
        let CommandDefinition { tools, toolset, .. } = self.definition;
        let listed = || tools.iter().map(|tool| tool());
        if self.tools.is_empty() {
            if tools.is_empty() {
                return Ok(None);
            }
            let made = toolset.get_or_make(|| Toolset::new(listed().collect()).map(Arc::new));
            return made
                .as_ref()
                .map(Arc::clone)
                .map(Some)
                .map_err(Error::clone_early);
        }
        let all = listed().chain(self.tools.iter().cloned());
        Ok(Some(Arc::new(Toolset::new(all.collect())?)))
    }

    /// Counts the tokens of a reply in the sums that the call was made inside.
    pub(crate) fn count_usage(&self, usage: Usage) {
        if let Some(sum) = &self.usage {
            sum.add(usage);
        }
    }

    /// Stores an error for the first poll, unless an earlier one is stored.
    pub(crate) fn defer(&mut self, error: Error) {
        self.deferred_error.get_or_insert(error);
    }

    /// Returns the history and the prompt, without the system message.
    pub(crate) fn conversation(&self) -> Vec<Message> {
        let mut messages = self.history.clone();
        let mut prompt = Message::user(self.prompt.as_str());
        prompt.images.clone_from(&self.images);
        messages.push(prompt);
        messages
    }

    /// Returns the images of the history and of the prompt.
    pub(crate) fn all_images(&self) -> impl Iterator<Item = &Image> {
        let earlier = self.history.iter().flat_map(|message| &message.images);
        earlier.chain(&self.images)
    }
}
