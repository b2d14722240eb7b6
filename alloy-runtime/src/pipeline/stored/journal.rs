//! The journal of a batch: its header, the places of its rows, and its errors.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::super::active_call::ActiveCall;
use super::super::resolve::format_instructions;
use super::{first_body, identity, on_thread, revision};
use crate::backend::CallInfo;
use crate::error::{BatchError, Error};
use crate::request::Request;
use crate::store::{Journal, JournalHeader, JournalPlace, JournalProblem, Opening, RequestKey};

/// Takes the place of a call in its journal; `None` for a stand-in, whose answers are not kept.
pub(super) async fn journal_place(
    call: &ActiveCall,
    journal: &Journal,
) -> Result<Option<JournalPlace>, Error> {
    let info = &call.info;
    let problem = |problem| journal_error(info, journal, problem);
    if !info.resolved.settings.backend.value.is_real() {
        let path = journal.path().to_owned();
        let length = on_thread(move || path.metadata().map_or(0, |file| file.len())).await;
        return match length {
            Ok(0) | Err(_) => Ok(None),
            Ok(_) => Err(problem(JournalProblem::StandIn)),
        };
    }
    if journal.is_deduplicated() && info.toolset.is_some() {
        return Err(Error::configuration(
            "`.dedup()` was called on a batch whose command has tools; expected a command without tools, since a tool may do something for each row",
            "Leave `.dedup()` out, or the tools.",
        )
        .with_command(info.command));
    }
    let body = first_body(&call.request, info);
    let protocol = info.resolved.endpoint.protocol().name();
    let opened = match journal.opened() {
        Some(opened) => opened,
        None => {
            let revision = revision(call).await?;
            let parts = shared_parts(&call.request, info, &body);
            let parts = [&*parts[0], &*parts[1], &*parts[2]];
            let header =
                JournalHeader::new(info.command, protocol, parts, identity(info, &revision));
            let open = |opening: Opening| async move {
                let opened = on_thread(move || opening.open()).await;
                opened.map_err(|error| JournalProblem::Io(std::io::Error::other(error)))?
            };
            journal.open(header, open).await.map_err(problem)?
        }
    };
    let request = RequestKey::new(protocol, &body, opened.header().identity());
    Ok(Some(opened.place(request, journal.is_deduplicated()).await))
}

/// Returns the parts of the requests that all rows share: the texts of the declaration, the schema with the tools, the
/// options.
fn shared_parts(request: &Request, info: &CallInfo, body: &[u8]) -> [String; 3] {
    let members: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_slice(body).unwrap_or_default();
    let (mut schema, mut options) = (String::new(), String::new());
    for (name, value) in &members {
        match &**name {
            "messages" | "model" | "keep_alive" => {}
            "format" | "response_format" | "tools" => schema += value.get(),
            name => options.extend([name, "=", value.get(), "\n"]),
        }
    }
    schema += format_instructions(info).unwrap_or_default();
    let system = &request.definition.layer().system;
    let system = system.as_ref().map_or("", |system| &**system);
    let template = format!("{}\n{system}", request.definition.template_text());
    [template, schema, options]
}

pub(super) fn journal_error(info: &CallInfo, journal: &Journal, problem: JournalProblem) -> Error {
    let path = journal.path().display();
    let (problem, help) = match problem {
        JournalProblem::Changed(changes) => (
            format!(
                "the answers in the journal {path} belong to another request; different now: {}",
                changes.join(", ")
            ),
            "Use another file; or call `.on_change(Change::Ask)` to ask the rows anew whose request is another one now, or `.on_change(Change::Keep)` to use the answers of another model or server.",
        ),
        JournalProblem::InUse => (
            format!("the journal {path} is in use by another batch or another process"),
            "Wait until it has ended, or use another file.",
        ),
        JournalProblem::NotAJournal(found) => (
            format!("{path} is not a journal that can be used: {found}"),
            "Use another file, or remove this one if nothing else needs it.",
        ),
        JournalProblem::StandIn => (
            format!("the journal {path} has answers of a model, and a stand-in answers now"),
            "Use another file in tests, or none.",
        ),
        JournalProblem::Io(error) => {
            let problem = format!("the journal {path} cannot be used: {error}");
            return Error::new(BatchError::Journal { problem })
                .with_source(error)
                .with_command(info.command);
        }
    };
    Error::configuration(problem, help).with_command(info.command)
}

/// Reads the line of an answer in a journal; `None` if there is none.
pub(super) async fn read_line(place: &JournalPlace) -> Result<Option<Vec<u8>>, JournalProblem> {
    let Some(line) = place.line() else {
        return Ok(None);
    };
    let read = on_thread(move || line.read()).await;
    read.map_err(|error| JournalProblem::Io(std::io::Error::other(error)))?
        .map(Some)
}
