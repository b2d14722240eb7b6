//! Deciding everything about a request before it is sent: settings, route, server, bytes.

use std::sync::Arc;

use crate::config::{Config, Layer, Settings};
use crate::error::Error;
use crate::global;
use crate::message::{Image, Message};
use crate::output::{Content, Expectation};
use crate::request::Request;
use crate::route::{self, ModelName, Route};
use crate::warning::Warning;
use crate::wire::{self, Chat, Format};

use super::server::Server;

/// A request that is decided in every part and not yet sent.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) settings: Arc<Settings>,
    pub(crate) route: Route,
    pub(crate) model: ModelName,
    pub(crate) server: Server,
    /// The form of a typed answer, escaped for a JSON string.
    form: Option<&'static str>,
    format: Option<Format<'static>>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) body: Vec<u8>,
}

/// What a request sets for itself: its setters, and its attribute's system text where it was rendered.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) call: Option<Box<Layer>>,
    pub(crate) system: Option<String>,
}

/// Decides everything about a request.
pub(crate) fn prepare(
    request: &Request,
    own: Own,
    expectation: &'static Expectation,
) -> Result<Prepared, Error> {
    let definition = request.definition;
    // One that was made outside any scope takes the one it is polled in.
    let polled_in = match request.scope {
        Some(_) => None,
        None => global::scope(),
    };
    let scope = request.scope.as_deref().or(polled_in.as_deref());
    let mut settings = match (own.call, scope) {
        // The usual call sets nothing for itself.
        (None, None) => definition
            .resolved
            .get(|shared| Ok(shared.under(None, definition.layer()?, None)))?,
        (call, scope) => Arc::new(settings(call, definition.layer()?, scope)?),
    };
    if let Some(system) = own.system {
        Arc::make_mut(&mut settings).render_system(system);
    }
    let (route, model) = route::choose(&settings)?;
    let server = Server::of(&settings, &model, route.wire())?;
    let (format, form) = match &expectation.content {
        Content::Json(typed) => {
            let enforced = typed.enforced.as_ref();
            let format = enforced.map_or(Format::Json, |schema| Format::Schema {
                json: &schema.json,
                strict: schema.strict,
            });
            (Some(format), Some(&*typed.form))
        }
        Content::Text | Content::Ignored => (None, None),
    };
    let told = settings
        .schema_in_prompt
        .as_ref()
        .is_none_or(|set| set.value);
    let mut prepared = Prepared {
        settings,
        route,
        model,
        server,
        form: form.filter(|_| told),
        format,
        warnings: Vec::new(),
        body: Vec::new(),
    };
    let mut warnings = Vec::new();
    prepared.body = prepared.body(request, &[], &mut warnings);
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
    /// The body of a chat request, with what follows the prompt.
    pub(super) fn body(
        &self,
        request: &Request,
        follow_up: &[Message],
        warnings: &mut Vec<Warning>,
    ) -> Vec<u8> {
        let chat = Chat {
            model: &self.model,
            system: self.system(),
            form: self.form,
            history: &request.history,
            prompt: &request.prompt,
            images: &request.images,
            follow_up,
            format: self.format,
            settings: &self.settings,
        };
        wire::body(self.route.wire(), &chat, warnings)
    }

    /// Whether prompts and answers are recorded in the trace.
    pub(super) fn records_content(&self) -> bool {
        let record = self.settings.record_content.as_ref();
        record.is_some_and(|set| set.value)
    }

    /// The system message, as the server reads it.
    pub(crate) fn system_message(&self) -> Option<Message> {
        wire::system_text(self.system(), self.form).map(Message::system)
    }

    /// The user's own system text; a blank one is none, so that a call can take the attribute's away.
    fn system(&self) -> Option<&str> {
        let text = self.settings.system.as_ref().map(|system| &*system.value);
        text.filter(|text| !text.trim().is_empty())
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
    pub(crate) fn images(&self) -> impl Iterator<Item = &Image> {
        let earlier = self.history.iter().flat_map(|message| &message.images);
        earlier.chain(&self.images)
    }
}
