//! Messages about a cassette that does not fit its test.

use std::fmt::Write as _;

use serde_json::Value;

use super::state::{KnownRecording, TapeInfo, TapeState};
use crate::backend::EncodedRequest;
use crate::config::SettingSource;
use crate::error::excerpt;
use crate::recording::{NormalizedRequest, Recording, compare, distance, render};

/// Maximum number of problems that are shown in full.
const MAX_PROBLEMS: usize = 5;
/// Distance of a recording of another command, and of one in another protocol.
const OTHER_COMMAND: usize = 60;
const OTHER_PROTOCOL: usize = 200;
/// Distance of a recording that was played already: the test made its request, so another one has changed.
const PLAYED: usize = 200;

/// Returns the command line that records a cassette.
pub(super) fn command(tape: &TapeInfo) -> String {
    let test = tape.test.as_deref().unwrap_or_default();
    let line = format!("ALLOY_CASSETTE=record cargo test {test}");
    line.trim_end().to_owned()
}

/// Returns the problem of a request without a recording: how it differs from the nearest one. The message around it
/// names the cassette.
pub(super) fn unanswered(
    tape: &TapeInfo,
    state: &TapeState,
    request: &EncodedRequest,
    live: &NormalizedRequest,
) -> String {
    let name = request.info.command;
    let measured = state.known.iter().enumerate().map(|(index, known)| {
        let distance = measure(known, name, live);
        (distance, index, known)
    });
    let nearest = measured.min_by_key(|(distance, index, _)| (*distance, *index));
    let mut out = String::new();
    // NOTE: Writing to a `String` cannot fail.
    let _written = match nearest {
        None if tape.has_file => writeln!(
            out,
            "the request of `{name}` has no recording: the file is empty"
        ),
        None => writeln!(
            out,
            "the request of `{name}` has no recording: the file does not exist"
        ),
        Some((0, index, _)) => writeln!(
            out,
            "the request of `{name}` has no recording left: `exchanges[{index}]` was played already, and the same request was made again"
        ),
        Some((_, index, known)) => {
            let recorded = match known.recording.command.as_str() {
                same if same == name => String::new(),
                other => format!(", of `{other}`,"),
            };
            let _written = writeln!(
                out,
                "the request of `{name}` has no recording; the nearest one, `exchanges[{index}]`,{recorded} differs (- recorded, + now):"
            );
            if known.request.protocol != live.protocol {
                let (old, new) = (known.request.protocol, live.protocol);
                let (old, new) = (old.name(), new.name());
                let _written = writeln!(out, "  protocol:\n    - {old}\n    + {new}");
            }
            let differences = compare(&known.request.body, &live.body);
            write!(out, "{}", render(&differences))
        }
    };
    let model = request.info.resolved.settings.model.as_ref();
    if model.is_some_and(|model| model.source == SettingSource::Default) {
        let _written = writeln!(
            out,
            "  no model is set; set ALLOY_MODEL to the model of the recording"
        );
    }
    out.truncate(out.trim_end().len());
    out
}

fn measure(known: &KnownRecording, command: &str, live: &NormalizedRequest) -> usize {
    let mut measured = distance(&compare(&known.request.body, &live.body));
    if known.request.protocol != live.protocol {
        measured += OTHER_PROTOCOL;
    }
    // Equal requests of two commands are one recording.
    if measured > 0 && known.recording.command != command {
        measured += OTHER_COMMAND;
    }
    if measured > 0 && known.is_played {
        measured += PLAYED;
    }
    measured
}

/// Returns the problems of a test that was replayed; `None` if it fits its cassette.
pub(super) fn of_replay(tape: &TapeInfo, state: &TapeState) -> Option<String> {
    let mut problems = state.problems.clone();
    let known = state.known.iter().enumerate();
    for (index, known) in known.filter(|(_, known)| !known.is_played) {
        let Recording {
            command, request, ..
        } = &*known.recording;
        let message = last_message(request);
        problems.push(format!(
            "`exchanges[{index}]` was not played: `{command}` {message}"
        ));
    }
    if problems.is_empty() {
        return None;
    }
    let (path, record) = (tape.path.display(), command(tape));
    let list = list(&problems);
    Some(format!(
        "cassette {path} does not fit the test:\n{list}\nif the change is intended, record it: {record}"
    ))
}

/// Returns the message of a test whose exchanges were not recorded.
pub(super) fn not_recorded(tape: &TapeInfo, problems: &[String]) -> String {
    let (path, list) = (tape.path.display(), list(problems));
    format!("cassette {path} was not written, and its recordings are as before:\n{list}")
}

fn list(problems: &[String]) -> String {
    let shown = problems.iter().take(MAX_PROBLEMS);
    let mut lines: Vec<_> = shown.map(|problem| format!("- {problem}")).collect();
    let more = problems.len().saturating_sub(MAX_PROBLEMS);
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    lines.join("\n")
}

/// Returns the beginning of the last message of a request, in quotes.
pub(super) fn last_message(request: &Value) -> String {
    let messages = request["messages"].as_array();
    let last = messages.and_then(|messages| messages.last());
    let content = last.map_or(&Value::Null, |message| &message["content"]);
    let text = match content {
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part["text"].as_str());
            texts.collect()
        }
        content => content.as_str().unwrap_or_default().to_owned(),
    };
    format!("{:?}", excerpt(&text))
}
