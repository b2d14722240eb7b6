//! Deciding everything about a request before it is sent: settings, route, bytes.

use std::sync::Arc;

use crate::config::{Host, Layer, Layers, Settings};
use crate::error::Error;
use crate::global;
use crate::message::Message;
use crate::output::{Content, Expectation};
use crate::request::Request;
use crate::route::{self, ModelName, Route};
use crate::wire::{self, Chat, native};

/// A request that is decided in every part and not yet sent.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) settings: Settings,
    pub(crate) route: Route,
    pub(crate) model: ModelName,
    pub(crate) host: Arc<Host>,
    /// The form of a typed answer, escaped for a JSON string.
    form: Option<&'static str>,
    pub(crate) body: Vec<u8>,
}

/// What a request sets for itself: its setters, and its attribute's system text where it was rendered.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) call: Layer,
    pub(crate) system: Option<String>,
}

/// Decides everything about a request.
pub(crate) fn prepare(
    request: &Request,
    own: Own,
    expectation: &'static Expectation,
) -> Result<Prepared, Error> {
    let shared = global::shared()?;
    let settings = Settings::resolve(Layers {
        call: own.call,
        attribute: request.definition.layer(own.system),
        environment: &shared.environment,
        defaults: &shared.defaults,
    });
    let (route, model) = route::choose(&settings)?;
    let host = match &settings.host {
        Some(host) => Arc::clone(&host.value),
        None => Arc::default(),
    };
    let (format, form) = match &expectation.content {
        Content::Json { format, form, .. } => (Some(&**format), Some(&**form)),
        Content::Text | Content::Ignored => (None, None),
    };
    let body = native::body(&Chat {
        model: model.as_str(),
        system: system(&settings),
        form,
        prompt: &request.prompt,
        format,
        temperature: settings.temperature.as_ref().map(|set| set.value),
        max_tokens: settings.max_tokens.as_ref().map(|set| set.value),
    });
    Ok(Prepared {
        settings,
        route,
        model,
        host,
        form,
        body,
    })
}

impl Prepared {
    /// The messages of the request, as the server reads them.
    pub(crate) fn messages(&self, prompt: &str) -> Vec<Message> {
        let system = wire::system_text(system(&self.settings), self.form);
        let system = system.map(Message::system);
        system.into_iter().chain([Message::user(prompt)]).collect()
    }
}

/// The user's own system text; a blank one is none, so that a call can take the attribute's away.
fn system(settings: &Settings) -> Option<&str> {
    let text = settings.system.as_ref().map(|system| &*system.value);
    text.filter(|text| !text.trim().is_empty())
}
