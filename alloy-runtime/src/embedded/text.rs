//! The text of an answer, token by token: tokens are bytes, and a character may begin in one and end in another.

use super::order::Order;
use crate::output::THINKING;

/// A text that grows.
pub(super) struct Text {
    said: Vec<u8>,
    /// How much of it was handed on.
    given: usize,
    /// What ends it.
    stops: Vec<String>,
    /// Whether it is not wanted in pieces.
    pub(super) is_whole_only: bool,
}

impl Text {
    pub(super) fn new(order: &Order, rendered: &str) -> Self {
        // A template that begins the answer with the opening of thinking: the answer has it, for whoever parts the two.
        let opening = match rendered.trim_end().ends_with(THINKING.0) {
            true => format!("{}\n", THINKING.0),
            false => String::new(),
        };
        let stops = order.options.stop.iter().filter(|stop| !stop.is_empty());
        Self {
            said: opening.into_bytes(),
            given: 0,
            stops: stops.cloned().collect(),
            is_whole_only: !order.stream,
        }
    }

    /// Adds the bytes of a token; says whether one of the texts that end it was met.
    pub(super) fn push(&mut self, bytes: &[u8]) -> bool {
        let before = self.said.len();
        self.said.extend_from_slice(bytes);
        let said = &self.said;
        let met = self.stops.iter().filter_map(|stop| {
            let from = (before + 1).saturating_sub(stop.len()).max(self.given);
            find(&said[from.min(said.len())..], stop.as_bytes()).map(|at| from + at)
        });
        match met.min() {
            Some(at) => {
                self.said.truncate(at);
                true
            }
            None => false,
        }
    }

    /// Whether one of the last bytes, those of its last token, ends this mark. What a token has behind a mark is
    /// no part of it: vocabularies have a token for the last letter of one and the end of the line.
    pub(super) fn meets(&self, mark: &str, last: usize) -> bool {
        let from = (self.said.len() + 1).saturating_sub(last + mark.len());
        find(&self.said[from..], mark.as_bytes()).is_some()
    }

    /// Where a mark begins that the text has just met.
    pub(super) fn last_of(&self, mark: &str) -> usize {
        let mut windows = self.said.windows(mark.len());
        windows
            .rposition(|window| window == mark.as_bytes())
            .unwrap_or(self.said.len())
    }

    pub(super) fn ends_with_one_of(&self, ends: &[u8]) -> bool {
        self.said.last().is_some_and(|last| ends.contains(last))
    }

    pub(super) fn len(&self) -> usize {
        self.said.len()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.said
    }

    /// What can be handed on: whole characters, and nothing that may become a text that ends it. Bytes that are no
    /// text are shown as such.
    pub(super) fn next_piece(&mut self, is_over: bool) -> Option<String> {
        let rest = &self.said[self.given..];
        let held = match is_over {
            true => 0,
            false => {
                let begun = self.stops.iter().map(|stop| begun(rest, stop.as_bytes()));
                let begun = begun.max().unwrap_or(0);
                begun.max(unfinished(rest))
            }
        };
        // A stop text may begin within a character no more than a character within itself.
        let piece = &rest[..rest.len() - held];
        let piece = &piece[..piece.len() - if is_over { 0 } else { unfinished(piece) }];
        let text = String::from_utf8_lossy(piece).into_owned();
        self.given += piece.len();
        Some(text).filter(|text| !text.is_empty())
    }
}

/// How many bytes at the end of a text are a character that is not whole yet.
fn unfinished(text: &[u8]) -> usize {
    let mut rest = text;
    loop {
        match std::str::from_utf8(rest) {
            Ok(_) => return 0,
            Err(error) => match error.error_len() {
                None => return rest.len() - error.valid_up_to(),
                Some(length) => rest = &rest[error.valid_up_to() + length..],
            },
        }
    }
}

/// How many bytes at the end of a text may be the beginning of another.
fn begun(text: &[u8], other: &[u8]) -> usize {
    let longest = other.len().saturating_sub(1).min(text.len());
    let lengths = (1..=longest).rev();
    lengths
        .into_iter()
        .find(|length| text.ends_with(&other[..*length]))
        .unwrap_or(0)
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
