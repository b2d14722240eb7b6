//! Formatting of texts and values in messages.

use std::fmt;
use std::time::Duration;

/// A duration in the form that Alloy's settings accept: `500ms`, `30s`, `2m`.
pub(crate) struct HumanDuration(pub(crate) Duration);

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match millis {
            _ if !self.0.subsec_nanos().is_multiple_of(1_000_000) => write!(f, "{:?}", self.0),
            0 => write!(f, "{:?}", self.0),
            _ if millis.is_multiple_of(3_600_000) => write!(f, "{}h", millis / 3_600_000),
            _ if millis.is_multiple_of(60_000) => write!(f, "{}m", millis / 60_000),
            _ if millis.is_multiple_of(1_000) => write!(f, "{}s", millis / 1_000),
            _ => write!(f, "{millis}ms"),
        }
    }
}

/// Returns the first 200 characters of a foreign text, sanitized for one line of a terminal.
pub(crate) fn excerpt(text: &str) -> String {
    const MAX_LENGTH: usize = 200;
    let mut shown: String = sanitize(text).take(MAX_LENGTH).collect();
    if text.trim().chars().nth(MAX_LENGTH).is_some() {
        shown.push('…');
    }
    shown
}

/// Trims a text and replaces its control characters by spaces.
pub(super) fn sanitize(text: &str) -> impl Iterator<Item = char> {
    let replace = |c| if is_unsafe_to_show(c) { ' ' } else { c };
    text.trim().chars().map(replace)
}

/// Replaces a secret in a text by `[secret]`, and its beginning too if [`excerpt`] cut the text inside it.
pub(crate) fn redact(text: &mut String, secret: &str) {
    const PLACEHOLDER: &str = "[secret]";
    const MIN_LENGTH: usize = 4;
    if text.contains(secret) {
        *text = text.replace(secret, PLACEHOLDER);
    }
    let Some(cut) = text.strip_suffix('…') else {
        return;
    };
    let mut lengths = secret.char_indices().map(|(length, _)| length);
    let tail = lengths.rfind(|length| *length >= MIN_LENGTH && cut.ends_with(&secret[..*length]));
    if let Some(tail) = tail {
        text.truncate(cut.len() - tail);
        text.push_str(PLACEHOLDER);
        text.push('…');
    }
}

/// Returns `true` for control characters and for characters that change the direction or width of the text.
fn is_unsafe_to_show(c: char) -> bool {
    let hidden = matches!(c, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || hidden
}

/// Returns a count with its noun: `1 token`, `2 tokens`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
