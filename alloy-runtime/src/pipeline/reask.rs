//! Asks again after an answer that is missing or not valid.

use std::time::Duration;

use crate::config::{Decision, InvalidAnswer, RetryEvent, Settings};
use crate::error::{Error, ErrorKind};
use crate::message::Message;
use crate::output::{Content, OutputSpec};
use crate::reply::Reply;

/// Maximum number of answers if `on_invalid` asks for more than the settings allow.
const MAX_ANSWERS: u32 = 10;
/// Maximum length in bytes of a rejected answer that is sent back.
const MAX_REJECTED: usize = 8 * 1024;

/// Retry budget of one command: the answers that it may ask for after its first.
///
/// `retry` counts the first answer as well; the follow-up of `auto_finalize_missing_output` is added.
pub(super) struct RetryBudget {
    left: u32,
}

impl RetryBudget {
    pub(super) fn new(settings: &Settings) -> Self {
        let finalize = u32::from(settings.auto_finalize_missing_output.value);
        let more = settings.retry.value.saturating_sub(1);
        Self {
            left: more.saturating_add(finalize),
        }
    }

    /// Returns `true` if the model is asked once more after a rejected answer, and takes that from the budget. Calls
    /// the hooks of the program.
    pub(super) fn allow(&mut self, settings: &Settings, invalid: &InvalidAnswer<'_>) -> bool {
        let is_allowed = match settings.decide(invalid) {
            Decision::Stop => false,
            Decision::Retry => self.left > 0 || invalid.attempt < MAX_ANSWERS,
            Decision::FollowSettings => self.left > 0,
        };
        if is_allowed {
            self.left = self.left.saturating_sub(1);
            settings.notify(&RetryEvent {
                command: invalid.command,
                attempt: invalid.attempt + 1,
                transmission: 1,
                pause: Duration::ZERO,
                error: invalid.error,
            });
        }
        is_allowed
    }
}

/// Returns `true` if asking again could help: the answer is missing or not valid.
pub(super) fn is_reaskable(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidOutput | ErrorKind::Empty)
}

/// Returns the message that asks for a missing answer.
fn finalize_message(output: &OutputSpec) -> Message {
    Message::user(match output.content {
        Content::Json(_) => "Give the final answer now, as JSON only, in the form asked for.",
        Content::Text | Content::Ignored => "Give the final answer now.",
    })
}

/// Returns the messages that follow a rejected answer: the answer, if there is one, and the reason.
pub(super) fn follow_up(rejected: &str, error: &Error, output: &OutputSpec) -> Vec<Message> {
    if error.kind() == ErrorKind::Empty {
        return vec![finalize_message(output)];
    }
    let reason = error.reason();
    let reason = reason.trim_end_matches('.');
    let request = match output.content {
        Content::Json(_) => "Answer again with the corrected JSON only.",
        Content::Text | Content::Ignored => "Answer again.",
    };
    vec![
        Message::assistant(truncate_for_reask(rejected)),
        Message::user(format!(
            "That answer was not accepted: {reason}.\n{request}"
        )),
    ]
}

/// Returns the messages that ask for the value after tool turns ended with a text. A text that was meant as the value
/// gets the reason why it was rejected.
pub(super) fn value_request(
    reply: &Reply,
    rejection: Option<Error>,
    output: &OutputSpec,
) -> Vec<Message> {
    let text = reply.text.trim();
    match rejection {
        Some(rejection) if text.starts_with(['{', '[']) => {
            follow_up(&reply.text, &rejection, output)
        }
        _ if text.is_empty() => vec![finalize_message(output)],
        _ => vec![
            Message::assistant(truncate_for_reask(&reply.text)),
            finalize_message(output),
        ],
    }
}

/// Truncates a rejected answer before it is sent back: a longer one cannot be corrected, and would take the context from
/// the prompt.
fn truncate_for_reask(rejected: &str) -> String {
    match rejected.char_indices().find(|(at, _)| *at >= MAX_REJECTED) {
        Some((end, _)) => format!("{}…", &rejected[..end]),
        None => rejected.to_owned(),
    }
}
