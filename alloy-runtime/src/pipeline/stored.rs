//! Finds the answer of a command in the cache, and keeps it there.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use memchr::memmem;

use super::active_call::ActiveCall;
use super::conversation::{AcceptedAnswer, accept};
use super::counters::Counters;
use super::encode::encode;
use super::tally::Tally;
use super::transcript::Transcript;
use super::{Finished, fallback};
use crate::backend::{CallInfo, Inquiry, Inspection};
use crate::endpoint::Endpoint;
use crate::error::redact;
use crate::global;
use crate::output::Accept;
use crate::reply::Usage;
use crate::request::Request;
use crate::store::{Cache, KeptAnswer, ModelIdentity, RequestKey};
use crate::warning::Warning;

/// Returns `true` if the answer of a call is looked for in the cache: there is one, and the model itself answers, not
/// another one in its place and no stand-in.
pub(super) fn has_cache(call: &ActiveCall) -> bool {
    let is_first = call
        .fallback
        .as_ref()
        .is_none_or(|fallback| fallback.failed.is_empty());
    cache(&call.info).is_some() && is_first
}

fn cache(info: &CallInfo) -> Option<&Cache> {
    let settings = &info.resolved.settings;
    let cache = settings.cache.as_ref().map(|set| &set.value);
    cache.filter(|cache| cache.is_on() && settings.backend.value.is_real())
}

/// The answer of a call in the cache.
pub(super) enum Lookup {
    Found(Box<(Transcript, AcceptedAnswer)>),
    /// The cache has no answer, maybe because of a problem. The one that the model gives is kept under the key, if the model
    /// can be identified.
    Missing(Option<RequestKey>, Option<String>),
}

/// Finds the answer of a call, and reads it into its slot. An answer that the type rejects today counts as missing.
pub(super) async fn find(call: &ActiveCall, slot: &mut dyn Accept) -> Lookup {
    let Some((cache, key)) = cache(&call.info).zip(key(call).await) else {
        return Lookup::Missing(None, None);
    };
    let entry = match find_entry(cache, key).await {
        Ok(entry) => entry,
        Err(problem) => {
            warn_of(&call.info, &problem);
            return Lookup::Missing(Some(key), Some(problem));
        }
    };
    let found = entry.and_then(|entry| {
        let answer = read_answer(&call.info, &entry, slot)?;
        let transcript = Transcript::ended(entry.messages, entry.tool_calls);
        Some(Box::new((transcript, answer)))
    });
    found.map_or(Lookup::Missing(Some(key), None), Lookup::Found)
}

/// Reads an entry of the cache; `None` if there is none.
async fn find_entry(cache: &Cache, key: RequestKey) -> Result<Option<KeptAnswer>, String> {
    let json = read(cache, key).await?;
    let entry = json.map(|json| KeptAnswer::parse(&json, key)).transpose();
    entry.map_err(|problem| format!("its entry {key} cannot be read: {problem}"))
}

/// Reads the answer of an entry as if the model had just given it.
fn read_answer(
    info: &CallInfo,
    entry: &KeptAnswer,
    slot: &mut dyn Accept,
) -> Option<AcceptedAnswer> {
    let reply = Box::new(entry.reply());
    let repairs = accept(&reply, info.output, slot);
    let repairs = repairs.map_err(|error| {
        let kind = error.kind();
        tracing::debug!(error.r#type = ?kind, "the answer in the cache is not valid any more");
    });
    Some(AcceptedAnswer {
        counters: Counters::of_kept_answer(entry.attempts, reply.usage),
        repairs: repairs.ok()?,
        warnings: Vec::new(),
        reply,
    })
}

/// Ends a command whose answer was found.
pub(super) fn finish(
    mut call: ActiveCall,
    mut tally: Tally,
    (transcript, answer): (Transcript, AcceptedAnswer),
) -> Finished {
    call.span.finish(Usage::default());
    tally.counters.attempts = answer.counters.attempts;
    tally.finish_cached();
    Finished {
        fell_back: fallback::fell_back(&mut call),
        request: call.request,
        info: call.info,
        transcript,
        answer,
        cached: true,
    }
}

/// Keeps the answer of a command that was not found, unless another model gave it or a tool ran for it: a tool may do
/// something, or find something else next time.
pub(crate) async fn keep(finished: &mut Finished) {
    let Finished {
        request,
        info,
        answer,
        fell_back,
        ..
    } = finished;
    if let Some(problem) = request.cache_problem.take() {
        answer.warnings.push(Warning::CacheFailed { problem });
    }
    if answer.counters.tool_turns > 0 || !fell_back.is_empty() {
        return;
    }
    let Some((cache, key)) = cache(info).zip(request.key) else {
        return;
    };
    if is_random(request, info) {
        answer.warnings.push(Warning::RandomAnswerCached);
    }
    let entry = KeptAnswer::new(key, info.command, answer.counters.attempts, &answer.reply);
    let patterns = info.resolved.endpoint.redaction_patterns();
    let entry = entry.edited(&|text| {
        let mut text = text.to_owned();
        for pattern in &patterns {
            redact(&mut text, pattern);
        }
        text
    });
    if let Err(problem) = write(cache, key, entry.to_json()).await {
        warn_of(info, &problem);
        answer.warnings.push(Warning::CacheFailed { problem });
    }
}

/// Logs a problem of the cache. The command goes on without it.
fn warn_of(info: &CallInfo, problem: &str) {
    let command = info.command;
    tracing::warn!(command, "the cache was not used: {problem}");
}

/// Returns `true` if the model may answer the same request differently: a temperature above 0 is set, and no seed.
fn is_random(request: &Request, info: &CallInfo) -> bool {
    let temperature = info.resolved.settings.temperature.as_ref();
    if temperature.is_none_or(|set| set.value <= 0.0) {
        return false;
    }
    // In a text, the quotation marks are escaped.
    memmem::find(&first_body(request, info), b"\"seed\":").is_none()
}

/// Encodes the first request of a command.
fn first_body(request: &Request, info: &CallInfo) -> bytes::Bytes {
    let (body, _) = encode(request, info, &Transcript::new(info.toolset.is_some()));
    body
}

/// Returns the key of a call; `None` if the model that answers it cannot be identified.
async fn key(call: &ActiveCall) -> Option<RequestKey> {
    let resolved = &call.info.resolved;
    let endpoint = &resolved.endpoint;
    let name = resolved.model.as_str();
    let (server, model, revision) = match endpoint {
        Endpoint::Ollama { host, .. } => {
            (host.address(), name, digest(call, host.address()).await?)
        }
        Endpoint::ChatCompletions { .. } => (endpoint.address()?, name, String::new()),
        Endpoint::ModelFile(path) => {
            let file = path.file_name().and_then(|name| name.to_str());
            ("", file.unwrap_or(name), file_revision(path).await?)
        }
    };
    let identity = ModelIdentity {
        server,
        model,
        revision: &revision,
    };
    let body = first_body(&call.request, &call.info);
    Some(RequestKey::new(endpoint.protocol().name(), &body, identity))
}

/// Returns the digest of an Ollama model, empty if the server does not tell it; `None` if the server cannot be asked. It
/// is asked once.
async fn digest(call: &ActiveCall, server: &str) -> Option<String> {
    let resolved = &call.info.resolved;
    let model = resolved.model.as_str();
    if let Some(digest) = global::known_digest(server, model) {
        return Some(digest);
    }
    let inquiry = Inquiry::Digest { model };
    let inspection = call.backend.inspect(&resolved.endpoint, inquiry);
    let digest = match call.deadline().run(pin!(inspection)).await {
        Ok(Inspection::Digest(digest)) => digest,
        Ok(_) => String::new(),
        // The command will fail with the same error, or be answered without the cache.
        Err(error) => {
            tracing::debug!(error.r#type = ?error.kind(), "the digest of the model is not known");
            return None;
        }
    };
    global::remember_digest(server, model, &digest);
    Some(digest)
}

/// Returns the length and the time of a model file; `None` if it cannot be found.
async fn file_revision(path: &Arc<Path>) -> Option<String> {
    let path = Arc::clone(path);
    let metadata = on_thread(move || path.metadata()).await.ok()?.ok()?;
    let modified = metadata.modified().ok()?;
    let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(format!("{} {}", metadata.len(), modified.as_nanos()))
}

async fn read(cache: &Cache, key: RequestKey) -> Result<Option<Arc<[u8]>>, String> {
    let read = match cache.blocks() {
        false => cache.read(key),
        true => {
            let cache = cache.clone();
            on_thread(move || cache.read(key)).await?
        }
    };
    read.map_err(|error| format!("{cache} cannot be read: {error}"))
}

async fn write(cache: &Cache, key: RequestKey, json: Vec<u8>) -> Result<(), String> {
    let written = match cache.blocks() {
        false => cache.write(key, json),
        true => {
            let cache = cache.clone();
            on_thread(move || cache.write(key, json)).await?
        }
    };
    written.map_err(|error| format!("{cache} cannot be written: {error}"))
}

/// Runs a function that may block on a thread, and waits for it.
async fn on_thread<T: Send + 'static>(
    function: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let running = global::spawn_thread(function).map_err(|error| error.to_string())?;
    running.await.map_err(|error| error.to_string())
}
