//! The text of an answer, token by token: tokens are bytes, and a character may begin in one and end in another.

use super::order::Order;
use super::template::THINKING;

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

    pub(super) fn ends_with(&self, end: &str) -> bool {
        self.said.ends_with(end.as_bytes())
    }

    /// Whether its last character closes a JSON value that says itself where it ends.
    pub(super) fn ends_a_value(&self) -> bool {
        matches!(self.said.last(), Some(b'}' | b']'))
    }

    /// What can be handed on: whole characters, and nothing that may become a text that ends it.
    pub(super) fn next_piece(&mut self, is_over: bool) -> Option<&str> {
        let rest = &self.said[self.given..];
        let whole = match std::str::from_utf8(rest) {
            Ok(_) => rest.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            // What is no text at all: it is shown as such at the end.
            Err(error) => error.valid_up_to(),
        };
        let held = match is_over {
            true => 0,
            false => self
                .stops
                .iter()
                .map(|stop| begun(&rest[..whole], stop.as_bytes()))
                .max()
                .unwrap_or(0),
        };
        let mut end = whole - held;
        while end > 0 && std::str::from_utf8(&rest[..end]).is_err() {
            end -= 1;
        }
        let from = self.given;
        self.given += end;
        std::str::from_utf8(&self.said[from..self.given])
            .ok()
            .filter(|piece| !piece.is_empty())
    }

    pub(super) fn into_string(self) -> String {
        String::from_utf8_lossy(&self.said).into_owned()
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
