//! Finds the answer of a command in the journal of its batch or in the cache, and keeps it there.

mod journal;

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use memchr::memmem;

use self::journal::{journal_error, journal_place, read_line};
use super::active_call::ActiveCall;
use super::conversation::{AcceptedAnswer, accept};
use super::counters::Counters;
use super::encode::encode;
use super::tally::Tally;
use super::transcript::Transcript;
use super::{AnswerSource, Finished, fallback};
use crate::backend::{CallInfo, Inquiry, Inspection};
use crate::endpoint::Endpoint;
use crate::error::{Error, redact};
use crate::global;
use crate::output::Accept;
use crate::reply::Usage;
use crate::request::Request;
use crate::store::{AnswerPlaces, Cache, KeptAnswer, ModelIdentity, RequestKey};
use crate::warning::Warning;

/// Returns `true` if the answer of a call is looked for in a journal or in the cache.
pub(super) fn is_stored(call: &ActiveCall) -> bool {
    call.request.journal.is_some() || cache(&call.info).is_some() && is_first_model(call)
}

/// Returns `true` if no other model answers in the place of the first.
fn is_first_model(call: &ActiveCall) -> bool {
    let fallback = call.fallback.as_ref();
    fallback.is_none_or(|fallback| fallback.failed.is_empty())
}

fn cache(info: &CallInfo) -> Option<&Cache> {
    let settings = &info.resolved.settings;
    let cache = settings.cache.as_ref().map(|set| &set.value);
    cache.filter(|cache| cache.is_on() && settings.backend.value.is_real())
}

/// The answer of a call that was given before.
pub(super) enum Lookup {
    Found(Box<(Transcript, AcceptedAnswer, AnswerSource)>),
    /// The answer that the model gives is kept in these places.
    Missing(Box<AnswerPlaces>),
}

/// Finds the answer of a call, and reads it into its slot. An answer that the type rejects today counts as missing.
///
/// # Errors
///
/// The journal cannot be used. A problem of the cache is a warning.
pub(super) async fn find(call: &ActiveCall, slot: &mut dyn Accept) -> Result<Lookup, Error> {
    let info = &call.info;
    let mut places = AnswerPlaces::default();
    if let Some(journal) = &call.request.journal {
        let problem = |problem| journal_error(info, journal, problem);
        places.journal = journal_place(call, journal).await?;
        if let Some(place) = &mut places.journal {
            let key = place.key();
            // The model is asked again if the line was damaged after the file was opened.
            let json = read_line(place).await.map_err(problem)?;
            let kept = json.and_then(|json| KeptAnswer::parse(&json, key).ok());
            if let Some(found) = kept.and_then(|kept| read_answer(info, kept, slot)) {
                place.fill();
                let (transcript, answer) = found;
                let found = (transcript, answer, AnswerSource::Journal);
                return Ok(Lookup::Found(Box::new(found)));
            }
        }
    }
    let cache = cache(info).filter(|_| is_first_model(call));
    places.key = match cache {
        Some(_) => key(call).await,
        None => None,
    };
    let Some((cache, key)) = cache.zip(places.key) else {
        return Ok(Lookup::Missing(Box::new(places)));
    };
    let kept = find_entry(cache, key).await.unwrap_or_else(|problem| {
        warn_of(info, &problem);
        places.problem = Some(problem);
        None
    });
    let Some((transcript, answer)) = kept.and_then(|kept| read_answer(info, kept, slot)) else {
        return Ok(Lookup::Missing(Box::new(places)));
    };
    if let (Some(place), Some(journal)) = (&mut places.journal, &call.request.journal) {
        let kept = kept_answer(info, place.key(), &answer, &transcript);
        let written = place.write(kept.to_json()).await;
        written.map_err(|problem| journal_error(info, journal, problem))?;
    }
    let found = (transcript, answer, AnswerSource::Cache);
    Ok(Lookup::Found(Box::new(found)))
}

/// Reads an entry of the cache; `None` if there is none.
async fn find_entry(cache: &Cache, key: RequestKey) -> Result<Option<KeptAnswer>, String> {
    let json = read(cache, key).await?;
    let entry = json.map(|json| KeptAnswer::parse(&json, key)).transpose();
    entry.map_err(|problem| format!("its entry {key} cannot be read: {problem}"))
}

/// Reads a kept answer as if the model had just given it.
fn read_answer(
    info: &CallInfo,
    kept: KeptAnswer,
    slot: &mut dyn Accept,
) -> Option<(Transcript, AcceptedAnswer)> {
    let reply = Box::new(kept.reply());
    let repairs = accept(&reply, info.output, slot);
    let repairs = repairs.map_err(|error| {
        let kind = error.kind();
        tracing::debug!(error.r#type = ?kind, "the answer that was kept is not valid any more");
    });
    let answer = AcceptedAnswer {
        counters: Counters::of_kept_answer(kept.attempts, reply.usage),
        repairs: repairs.ok()?,
        warnings: Vec::new(),
        reply,
    };
    Some((Transcript::ended(kept.messages, kept.tool_calls), answer))
}

/// Ends a command whose answer was found.
pub(super) fn finish(
    mut call: ActiveCall,
    mut tally: Tally,
    (transcript, answer, source): (Transcript, AcceptedAnswer, AnswerSource),
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
        source,
    }
}

/// Keeps the answer of a command in its places, unless another model gave it. The cache does not keep an answer that a tool
/// contributed to: the tool may do something, or find something else next time.
///
/// # Errors
///
/// The journal cannot be written. A problem of the cache is a warning.
pub(crate) async fn keep(finished: &mut Finished) -> Result<(), Error> {
    let Finished {
        request,
        info,
        answer,
        fell_back,
        transcript,
        ..
    } = finished;
    let Some(places) = request.places.take() else {
        return Ok(());
    };
    if let Some(problem) = places.problem {
        answer.warnings.push(Warning::CacheFailed { problem });
    }
    if !fell_back.is_empty() {
        return Ok(());
    }
    if let (Some(mut place), Some(journal)) = (places.journal, &request.journal) {
        let kept = kept_answer(info, place.key(), answer, transcript);
        let written = place.write(kept.to_json()).await;
        written.map_err(|problem| journal_error(info, journal, problem))?;
    }
    let cache = cache(info).filter(|_| answer.counters.tool_turns == 0);
    let Some((cache, key)) = cache.zip(places.key) else {
        return Ok(());
    };
    if is_random(request, info) {
        answer.warnings.push(Warning::RandomAnswerCached);
    }
    let kept = kept_answer(info, key, answer, transcript);
    if let Err(problem) = write(cache, key, kept.to_json()).await {
        warn_of(info, &problem);
        answer.warnings.push(Warning::CacheFailed { problem });
    }
    Ok(())
}

/// Returns the form of an answer that is kept, without secrets.
fn kept_answer(
    info: &CallInfo,
    key: RequestKey,
    answer: &AcceptedAnswer,
    transcript: &Transcript,
) -> KeptAnswer {
    let patterns = info.resolved.endpoint.redaction_patterns();
    let (messages, tool_calls) = (transcript.messages(), transcript.tool_calls());
    KeptAnswer::new(key, info.command, answer.counters.attempts, &answer.reply)
        .with_turns(messages.to_vec(), tool_calls.to_vec())
        .edited(&|text| {
            let mut text = text.to_owned();
            for pattern in &patterns {
                redact(&mut text, pattern);
            }
            text
        })
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
    // The command will fail with the same error, or be answered without the cache.
    let revision = revision(call).await.map_err(|error| {
        tracing::debug!(error.r#type = ?error.kind(), "the model cannot be identified");
    });
    let identity = identity(&call.info, revision.as_ref().ok()?);
    let body = first_body(&call.request, &call.info);
    let protocol = call.info.resolved.endpoint.protocol();
    Some(RequestKey::new(protocol.name(), &body, identity))
}

/// Returns the identity of the model with a revision.
fn identity<'a>(info: &'a CallInfo, revision: &'a str) -> ModelIdentity<'a> {
    let resolved = &info.resolved;
    let name = resolved.model.as_str();
    let model = match &resolved.endpoint {
        Endpoint::ModelFile(path) => path.file_name().and_then(|name| name.to_str()),
        Endpoint::Ollama { .. } | Endpoint::ChatCompletions { .. } => None,
    };
    ModelIdentity {
        server: resolved.endpoint.address().unwrap_or_default(),
        model: model.unwrap_or(name),
        revision,
    }
}

/// Returns the digest of an Ollama model, or the length and the time of a model file; empty if the server does not tell
/// it. A server is asked once.
///
/// # Errors
///
/// The server cannot be asked, or the file cannot be found.
async fn revision(call: &ActiveCall) -> Result<String, Error> {
    let resolved = &call.info.resolved;
    let (server, model) = match &resolved.endpoint {
        Endpoint::Ollama { host, .. } => (host.address(), resolved.model.as_str()),
        Endpoint::ChatCompletions { .. } => return Ok(String::new()),
        Endpoint::ModelFile(path) => return Ok(file_revision(path).await.unwrap_or_default()),
    };
    if let Some(digest) = global::known_digest(server, model) {
        return Ok(digest);
    }
    let inquiry = Inquiry::Digest { model };
    let inspection = call.backend.inspect(&resolved.endpoint, inquiry);
    let digest = match call.deadline().run(pin!(inspection)).await {
        Ok(Inspection::Digest(digest)) => digest,
        Ok(_) => String::new(),
        Err(error) => return Err(resolved.attach_to(error.with_command(call.info.command))),
    };
    global::remember_digest(server, model, &digest);
    Ok(digest)
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
