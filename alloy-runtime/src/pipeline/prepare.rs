//! Deciding everything about a request before it is sent: settings, route, server, bytes.

use std::sync::Arc;

use bytes::Bytes;
use tracing::Span;

use super::as_recorded;
use super::talk::Talk;
use crate::config::{Config, Layer, Settings, Source};
use crate::error::Error;
use crate::global;
use crate::message::Message;
use crate::output::{Content, Expectation, Typed};
use crate::reply::Reply;
use crate::request::Request;
use crate::route::Target;
use crate::tool::Toolset;
use crate::warning::Warning;
use crate::wire::{self, Chat};

/// A request that is decided in every part and not yet sent.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) target: Arc<Target>,
    pub(super) expectation: &'static Expectation,
    pub(crate) warnings: Vec<Warning>,
    /// The tools that the model may call, until it has given a text.
    pub(super) toolset: Option<Arc<Toolset>>,
    /// What was said since the prompt.
    pub(crate) talk: Talk,
    pub(crate) body: Bytes,
}

/// Decides everything about a request; `call` is what its setters set.
pub(crate) fn prepare(
    request: &Request,
    call: Option<Box<Layer>>,
    expectation: &'static Expectation,
) -> Result<Prepared, Error> {
    let definition = request.definition;
    // One that was made outside any scope takes the one it is polled in.
    let polled_in = match request.scope {
        Some(_) => None,
        None => global::scope(),
    };
    let scope = request.scope.as_deref().or(polled_in.as_deref());
    let target = match (call, scope) {
        // The usual call sets nothing for itself.
        (None, None) => definition
            .resolved
            .get(|shared| Target::of(shared.under(None, definition.layer(), None))),
        (call, scope) => settings(call, definition.layer(), scope)
            .and_then(Target::of)
            .map(Arc::new),
    };
    let target = target.map_err(|error| error.of_command(definition.name()))?;
    let toolset = request.toolset();
    let toolset = toolset.map_err(|error| error.of_command(definition.name()))?;
    let mut prepared = Prepared {
        target,
        expectation,
        toolset,
        talk: Talk::default(),
        warnings: Vec::new(),
        body: Bytes::new(),
    };
    let mut warnings = Vec::new();
    prepared.body = prepared.encode(request, &mut warnings);
    prepared.warnings = warnings;
    Ok(prepared)
}

/// The settings of a call, or of none.
pub(super) fn settings(
    call: Option<Box<Layer>>,
    attribute: &Layer,
    scope: Option<&Config>,
) -> Result<Settings, Error> {
    if let Some(scope) = scope {
        scope.check()?;
    }
    let scope = scope.map(|config| &config.layer);
    Ok(global::shared()?.under(call, attribute, scope))
}

impl Prepared {
    /// Makes the body anew, with what was said since.
    pub(super) fn renew(&mut self, request: &Request) {
        // What a request cannot express was told with the first.
        self.body = self.encode(request, &mut Vec::new());
    }

    fn encode(&self, request: &Request, warnings: &mut Vec<Warning>) -> Bytes {
        let chat = Chat {
            model: &self.target.model,
            system: self.system(request),
            form: self.form(),
            history: &request.history,
            prompt: &request.prompt,
            images: &request.images,
            follow_up: self.talk.said(),
            tools: self.toolset.as_deref(),
            // Nothing is enforced beside tools, which no model could call any more.
            typed: self.typed().filter(|_| self.toolset.is_none()),
            streamed: request.streamed,
            settings: &self.target.settings,
        };
        wire::body(self.target.route.way(), &chat, warnings).into()
    }

    /// What the answer is to be, where it is to be JSON.
    pub(super) fn typed(&self) -> Option<&'static Typed> {
        match &self.expectation.content {
            Content::Json(typed) => Some(typed),
            Content::Text | Content::Ignored => None,
        }
    }

    /// Whether prompts and answers are recorded in the trace.
    pub(super) fn records_content(&self) -> bool {
        let record = self.target.settings.record_content.as_ref();
        record.is_some_and(|set| set.value)
    }

    /// Records an answer in its span, where that is wanted.
    pub(super) fn record_answer(&self, span: &Span, reply: &Reply) {
        if self.records_content() {
            let mut answer = Message::assistant(reply.text.as_str());
            answer.tool_calls.clone_from(&reply.calls);
            span.record("gen_ai.output.messages", as_recorded(&[answer]));
        }
    }

    /// Warns of a context that the prompt filled, of so many tokens.
    pub(super) fn warn_of_context(&mut self, filled: Option<u64>) {
        if let Some(tokens) = filled {
            let warning = Warning::ContextFull { tokens };
            tracing::warn!("{warning}");
            self.warnings.push(warning);
        }
    }

    /// The tokens of the context, where it was found that the prompt filled it.
    pub(super) fn filled_context(&self) -> Option<u64> {
        self.warnings.iter().find_map(|warning| match warning {
            Warning::ContextFull { tokens } => Some(*tokens),
            _ => None,
        })
    }

    /// The system message, as the server reads it.
    pub(crate) fn system_message(&self, request: &Request) -> Option<Message> {
        wire::system_text(self.system(request), self.form()).map(Message::system)
    }

    /// The form of a typed answer, escaped for a JSON string, where the model is told it.
    fn form(&self) -> Option<&'static str> {
        let typed = self.typed()?;
        let told = self.target.settings.schema_in_prompt.as_ref();
        told.is_none_or(|set| set.value).then_some(&*typed.form)
    }

    /// The user's own system text; a blank one is none, so that a call can take the attribute's away. The
    /// attribute's, where it was rendered for this call, stands in the request.
    fn system<'a>(&'a self, request: &'a Request) -> Option<&'a str> {
        let text = match (&self.target.settings.system, &request.system) {
            (Some(set), Some(_)) if set.source == Source::Call => Some(&*set.value),
            (_, Some(rendered)) => Some(rendered.as_str()),
            (set, None) => set.as_ref().map(|set| &*set.value),
        };
        text.filter(|text| !text.trim().is_empty())
    }
}
