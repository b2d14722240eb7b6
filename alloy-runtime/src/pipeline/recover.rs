//! Asking again after an answer that is missing or not valid.

use std::time::Duration;

use crate::config::{Decision, InvalidAnswer, NextTry, Settings};
use crate::error::{Error, ErrorKind};
use crate::message::Message;
use crate::output::{Content, Expectation};

/// How many answers a model may give where a program asks for more than its settings allow.
const MOST_ANSWERS: u32 = 10;

/// How many answers a command may ask for after its first.
///
/// `retry` counts the first as well; the one follow-up of `auto_finalize_missing_output` comes on top.
pub(super) struct Answers {
    left: u32,
}

impl Answers {
    pub(super) fn of(settings: &Settings) -> Self {
        let retry = settings.retry.as_ref().map_or(1, |set| set.value);
        let finalize = settings.auto_finalize_missing_output.as_ref();
        let finalize = finalize.is_some_and(|set| set.value);
        Self {
            left: retry.saturating_sub(1).saturating_add(u32::from(finalize)),
        }
    }

    /// Whether the model is asked once more after a rejected answer. The program's own functions are
    /// asked, and told.
    pub(super) fn again(&mut self, settings: &Settings, invalid: &InvalidAnswer<'_>) -> bool {
        let decision = settings.decide(invalid);
        let more = match decision {
            Decision::Stop => false,
            Decision::Retry => self.left > 0 || invalid.attempt < MOST_ANSWERS,
            Decision::BySettings => self.left > 0,
        };
        if more {
            self.left = self.left.saturating_sub(1);
            settings.tell(&NextTry {
                command: invalid.command,
                attempt: invalid.attempt + 1,
                send: 1,
                pause: Duration::ZERO,
                error: invalid.error,
            });
        }
        more
    }
}

/// Whether asking again could help: the answer is missing, or not valid.
pub(super) fn is_mendable(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidOutput | ErrorKind::Empty)
}

/// What is said where there is no answer yet.
pub(super) fn ask_for_it(expectation: &Expectation) -> Message {
    Message::user(match expectation.content {
        Content::Json(_) => "Give the final answer now, as JSON only, in the form asked for.",
        Content::Text | Content::Ignored => "Give the final answer now.",
    })
}

/// What follows the prompt when it is sent again: the rejected answer, if there is one, and why it was
/// rejected.
pub(super) fn follow_up(rejected: &str, error: &Error, expectation: &Expectation) -> Vec<Message> {
    let typed = matches!(expectation.content, Content::Json(_));
    if error.kind() == ErrorKind::Empty {
        return vec![ask_for_it(expectation)];
    }
    let reason = error.reason();
    let reason = reason.trim_end_matches('.');
    let again = match typed {
        true => "Answer again with the corrected JSON only.",
        false => "Answer again.",
    };
    vec![
        Message::assistant(beginning(rejected)),
        Message::user(format!("That answer was not accepted: {reason}.\n{again}")),
    ]
}

/// An answer, or the beginning of one that is longer than any that could be mended: the model is not to
/// read it all again, and its context is needed for the prompt.
pub(super) fn beginning(rejected: &str) -> String {
    const LONGEST: usize = 8 * 1024;
    match rejected.char_indices().find(|(at, _)| *at >= LONGEST) {
        Some((end, _)) => format!("{}…", &rejected[..end]),
        None => rejected.to_owned(),
    }
}
