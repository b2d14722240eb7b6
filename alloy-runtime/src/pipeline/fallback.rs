//! The models that a command asks in place of one that cannot answer.

use std::sync::Arc;

use tokio::time::Instant;

use super::active_call::ActiveCall;
use super::tally::Tally;
use crate::backend::{ActiveBackend, CallInfo};
use crate::config::{Setting, SharedStr};
use crate::endpoint::Resolved;
use crate::error::{Error, ErrorKind};
use crate::global;
use crate::output::OutputSpec;
use crate::request::Request;

/// Starts a call with its first model, or with the first that did not fail a moment ago.
///
/// # Errors
///
/// Those of [`ActiveCall::start`].
pub(super) fn start(
    request: Box<Request>,
    output: &'static OutputSpec,
) -> Result<(ActiveCall, Tally), Error> {
    let (mut call, mut tally) = ActiveCall::start(request, output)?;
    skip_failed(&mut call, &mut tally);
    Ok((call, tally))
}

/// Leaves out models that failed a moment ago, unless all of them did.
fn skip_failed(call: &mut ActiveCall, tally: &mut Tally) {
    if call.fallback.is_none() || !is_remembered(call) {
        return;
    }
    let Some(kind) = recent_failure(&call.info) else {
        return;
    };
    let models = call
        .fallback
        .iter()
        .flat_map(|fallback| &fallback.remaining);
    let working = models.enumerate().find_map(|(index, model)| {
        let info = info_of(call, model).ok()?;
        let has_failed = recent_failure(&info).is_some();
        (!has_failed).then_some(index)
    });
    if let (Some(index), Some(fallback)) = (working, &mut call.fallback) {
        fallback.remaining.drain(..index);
        // The next model resolves, as was just tried.
        drop(next(call, tally, kind));
    }
}

/// Switches a call that ended in `error` to the next model.
///
/// # Errors
///
/// `error`, if it is not a reason to ask another model or if there is none; or the next model is not valid.
pub(super) fn switch(call: &mut ActiveCall, tally: &mut Tally, error: Error) -> Result<(), Error> {
    if call.fallback.is_none() || !error.is_reason_to_fall_back() {
        return Err(error);
    }
    if is_remembered(call) {
        let now = Instant::now().into_std();
        global::remember_failure(identity(&call.info), now, error.kind());
    }
    match next(call, tally, error.kind()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(error),
        Err(invalid) => Err(invalid.with_source(error)),
    }
}

/// Returns the models that could not answer, and why.
pub(super) fn fell_back(call: &mut ActiveCall) -> Vec<(String, ErrorKind)> {
    call.fallback
        .take()
        .map_or_else(Vec::new, |fallback| fallback.failed)
}

/// Switches to the next model. Returns `false` if there is none.
fn next(call: &mut ActiveCall, tally: &mut Tally, kind: ErrorKind) -> Result<bool, Error> {
    let Some(model) = call
        .fallback
        .as_mut()
        .and_then(|fallback| fallback.remaining.pop_front())
    else {
        return Ok(false);
    };
    let failed = call.info.resolved.model.as_str().to_owned();
    let info = Arc::new(info_of(call, &model)?);
    let settings = &info.resolved.settings;
    call.backend = ActiveBackend::select(&settings.backend.value, &info.resolved.endpoint)?;
    tracing::warn!(model = failed, error.r#type = ?kind, next = model, "asking another model");
    call.span.set_model(info.resolved.model.as_str());
    tally.restart(&info);
    call.info = info;
    if let Some(fallback) = &mut call.fallback {
        fallback.failed.push((failed, kind));
    }
    Ok(true)
}

/// Resolves the call for another model. Its deadline stays.
fn info_of(call: &ActiveCall, model: &str) -> Result<CallInfo, Error> {
    let info = &call.info;
    let mut settings = info.resolved.settings.clone();
    let source = settings.fallback.as_ref().map(|set| set.source);
    settings.model = source.map(|source| Setting {
        value: SharedStr::Owned(model.to_owned()),
        source,
    });
    let resolved = Resolved::new(settings).map_err(|error| error.with_command(info.command))?;
    Ok(CallInfo {
        command: info.command,
        resolved: Arc::new(resolved),
        output: info.output,
        #[cfg(feature = "testing")]
        conditions: info.conditions.clone(),
        toolset: info.toolset.clone(),
        deadline: info.deadline.clone(),
    })
}

/// The failures of a stand-in are not remembered: they are those of one test.
fn is_remembered(call: &ActiveCall) -> bool {
    call.info.resolved.settings.backend.value.is_real()
}

/// Returns why the model failed, if that was a moment ago.
fn recent_failure(info: &CallInfo) -> Option<ErrorKind> {
    global::recent_failure(&identity(info), Instant::now().into_std())
}

/// Names a model of a server.
fn identity(info: &CallInfo) -> String {
    let resolved = &info.resolved;
    let server = resolved.endpoint.address().unwrap_or_default();
    format!("{server} {}", resolved.model.as_str())
}
