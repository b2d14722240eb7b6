//! Resolves a command call: its settings, its endpoint and its tools.

use std::sync::Arc;

use crate::backend::CallInfo;
use crate::config::{Config, Layer, SettingSource, Settings};
use crate::deadline::Deadline;
use crate::endpoint::Resolved;
use crate::error::Error;
use crate::global;
use crate::message::Message;
use crate::output::OutputSpec;
use crate::request::Request;
use crate::wire::MessageText;

/// Resolves a call. `overrides` are the values of its setters.
///
/// # Errors
///
/// A setting is missing or not valid, or a tool cannot be offered.
pub(crate) fn resolve(
    request: &Request,
    overrides: Option<Box<Layer>>,
    output: &'static OutputSpec,
) -> Result<CallInfo, Error> {
    let definition = request.definition;
    let command = definition.name();
    // A command that was made outside any scope takes the scope that it is polled in.
    let polled_in = match request.scope {
        Some(_) => None,
        None => global::scope(),
    };
    let scope = request.scope.as_deref().or(polled_in.as_deref());
    #[cfg(feature = "testing")]
    if scope.is_none() {
        global::check_scope().map_err(|error| error.with_command(command))?;
    }
    let resolved = match (overrides, scope) {
        // The usual call sets nothing for itself.
        (None, None) => definition
            .resolved
            .get(|shared| Resolved::new(shared.with_layers(None, definition.layer(), None))),
        (overrides, scope) => settings(overrides, definition.layer(), scope)
            .and_then(Resolved::new)
            .map(Arc::new),
    };
    let resolved = resolved.map_err(|error| error.with_command(command))?;
    if let Some(key) = &output.unreadable_key {
        return Err(unreadable_key(output, key).with_command(command));
    }
    let toolset = request.toolset();
    let timeout = resolved.settings.timeout.as_ref();
    Ok(CallInfo {
        command,
        deadline: Deadline::after(timeout.map(|set| set.value)),
        resolved,
        output,
        #[cfg(feature = "testing")]
        conditions: request.conditions.clone(),
        toolset: toolset.map_err(|error| error.with_command(command))?,
    })
}

fn unreadable_key(output: &OutputSpec, key: &str) -> Error {
    let name = &output.type_name;
    Error::configuration(
        format!(
            "no answer can be a `{name}`: the keys of a JSON object are strings, and a map in this type has {key} as its key"
        ),
        "Return a list of pairs or of structs in place of the map, for example `Vec<(Key, Value)>`, or a map whose keys are strings, numbers or enums without data.",
    )
}

/// Merges the settings of a call, or of none.
///
/// # Errors
///
/// A value of the scope or of the environment is not valid.
pub(super) fn settings(
    overrides: Option<Box<Layer>>,
    attribute: &Layer,
    scope: Option<&Config>,
) -> Result<Settings, Error> {
    if let Some(scope) = scope {
        scope.check()?;
    }
    let scope = scope.map(|config| &config.layer);
    Ok(global::shared()?.with_layers(overrides, attribute, scope))
}

/// Returns the system message as the server reads it: the user's system text, then the format instructions.
pub(crate) fn system_message(request: &Request, info: &CallInfo) -> Option<Message> {
    let text = MessageText::system(system_text(request, info), format_instructions(info))?;
    Some(Message::system(text.to_string()))
}

/// Returns the user's system text. A blank one counts as none, so that a call can remove that of the attribute. A text
/// of the attribute with parameters in it was rendered for this call, and is part of the request.
pub(super) fn system_text<'a>(request: &'a Request, info: &'a CallInfo) -> Option<&'a str> {
    let text = match (&info.resolved.settings.system, &request.system) {
        (Some(set), Some(_)) if set.source == SettingSource::Call => Some(&*set.value),
        (_, Some(rendered)) => Some(rendered.as_str()),
        (set, None) => set.as_ref().map(|set| &*set.value),
    };
    text.filter(|text| !text.trim().is_empty())
}

/// Returns the format instructions of a typed answer, if the settings send them.
pub(super) fn format_instructions(info: &CallInfo) -> Option<&'static str> {
    let typed = info.output.typed()?;
    let is_sent = info.resolved.settings.schema_in_prompt.value;
    is_sent.then_some(&*typed.format_instructions)
}
