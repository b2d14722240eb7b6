//! The text of an answer, built token by token. Tokens are bytes, and a character may span several tokens.

use super::request::EngineRequest;
use crate::output::THINKING;

/// A text that grows by tokens and is handed out in pieces.
pub(super) struct GeneratedText {
    bytes: Vec<u8>,
    /// Number of bytes handed out so far.
    emitted: usize,
    /// Stop sequences.
    stops: Vec<String>,
    /// `true` if the text is wanted whole only, not in pieces.
    pub(super) is_whole_only: bool,
}

impl GeneratedText {
    pub(super) fn new(request: &EngineRequest, prompt: &str) -> Self {
        // A template may end the prompt with the opening tag of thinking. The tag then belongs to the answer, where
        // the thinking is split off later.
        let opening = match prompt.trim_end().ends_with(THINKING.0) {
            true => format!("{}\n", THINKING.0),
            false => String::new(),
        };
        let stops = request.options.stop.iter().filter(|stop| !stop.is_empty());
        Self {
            bytes: opening.into_bytes(),
            emitted: 0,
            stops: stops.cloned().collect(),
            is_whole_only: !request.stream,
        }
    }

    /// Appends the bytes of a token. Returns `true` if they completed a stop sequence, which is then cut off.
    pub(super) fn push(&mut self, token: &[u8]) -> bool {
        let previous_len = self.bytes.len();
        self.bytes.extend_from_slice(token);
        let bytes = &self.bytes;
        let matches = self.stops.iter().filter_map(|stop| {
            let start = (previous_len + 1)
                .saturating_sub(stop.len())
                .max(self.emitted);
            find(&bytes[start.min(bytes.len())..], stop.as_bytes()).map(|at| start + at)
        });
        match matches.min() {
            Some(at) => {
                self.bytes.truncate(at);
                true
            }
            None => false,
        }
    }

    /// Returns `true` if a tag ends within the last token, which has `token_len` bytes. The token may continue
    /// after the tag: vocabularies have tokens such as `>\n\n`.
    pub(super) fn has_completed_tag(&self, tag: &str, token_len: usize) -> bool {
        let start = (self.bytes.len() + 1).saturating_sub(token_len + tag.len());
        find(&self.bytes[start..], tag.as_bytes()).is_some()
    }

    /// Returns where the last occurrence of a tag begins.
    pub(super) fn rfind(&self, tag: &str) -> usize {
        let mut windows = self.bytes.windows(tag.len());
        windows
            .rposition(|window| window == tag.as_bytes())
            .unwrap_or(self.bytes.len())
    }

    /// Returns `true` if the last byte is one of `ends`.
    pub(super) fn has_last_byte_in(&self, ends: &[u8]) -> bool {
        self.bytes.last().is_some_and(|last| ends.contains(last))
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the next piece: whole characters only, without an end that may become a stop sequence, unless the
    /// text `is_finished`. Invalid UTF-8 is replaced with U+FFFD.
    pub(super) fn next_piece(&mut self, is_finished: bool) -> Option<String> {
        let rest = &self.bytes[self.emitted..];
        let withheld = match is_finished {
            true => 0,
            false => {
                let begun = self
                    .stops
                    .iter()
                    .map(|stop| begun_len(rest, stop.as_bytes()));
                let begun = begun.max().unwrap_or(0);
                begun.max(incomplete_len(rest))
            }
        };
        let piece = &rest[..rest.len() - withheld];
        // Withholding a stop sequence may have cut another character in two.
        let piece = &piece[..piece.len()
            - if is_finished {
                0
            } else {
                incomplete_len(piece)
            }];
        let text = String::from_utf8_lossy(piece).into_owned();
        self.emitted += piece.len();
        Some(text).filter(|text| !text.is_empty())
    }
}

/// Returns the length of an incomplete character at the end of a text.
fn incomplete_len(text: &[u8]) -> usize {
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

/// Returns the length of the longest proper prefix of `other` that `text` ends with.
fn begun_len(text: &[u8], other: &[u8]) -> usize {
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
