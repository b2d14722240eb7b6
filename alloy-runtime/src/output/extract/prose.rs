//! Tells brackets in prose from JSON that is not valid.

/// The meaning of a bracket at which no JSON value begins.
#[derive(Debug, PartialEq)]
pub(super) enum Bracket {
    /// Prose of this length in bytes: `{name, legs}`, `[the docs](…)`, `[10:30]`.
    Prose(usize),
    /// A bracket in prose that is never closed.
    Open,
    /// JSON that is not valid, or the notation of another language.
    Broken,
}

/// Classifies the bracket at the start of a text. With `accepts_lists`, a list that is not valid is `Broken`; otherwise
/// only one that contains objects.
pub(super) fn bracket(text: &str, accepts_lists: bool) -> Bracket {
    let is_brace = text.starts_with('{');
    let looks_broken = |inside: &str| match is_brace {
        true => inside.contains([':', '=', '"', '“', '”', '[']) || has_quote(inside),
        false => {
            inside.contains('{')
                || inside.contains(": \"")
                || accepts_lists && (inside.contains(['"', '“']) || has_quote(inside))
        }
    };
    let Some(end) = closing(text) else {
        // The beginning decides: an object or a list that was cut, or a bracket in prose.
        let inside = text[1..].trim_start();
        let head = inside.find(['{', '[']).map_or(inside, |end| &inside[..end]);
        let begins_like_json = head.is_empty() || inside.starts_with(['"', '\'', '“']);
        return match begins_like_json || is_brace && looks_broken(head) {
            true => Bracket::Broken,
            false => Bracket::Open,
        };
    };
    let inside = &text[1..end - 1];
    let is_link = !is_brace && text[end..].starts_with('(') && !inside.contains('{');
    match !is_link && looks_broken(inside) {
        true => Bracket::Broken,
        false => Bracket::Prose(end),
    }
}

/// Returns `true` if a text contains a quotation in single quotes. An apostrophe is not one.
fn has_quote(text: &str) -> bool {
    let mut before = None;
    for c in text.chars() {
        let is_apostrophe = before.is_some_and(char::is_alphanumeric);
        if matches!(c, '\'' | '‘') && !is_apostrophe {
            return true;
        }
        before = Some(c);
    }
    false
}

/// Returns the end of the group that the first bracket of a text opens. Brackets in a string do not count.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(next) = text[at..].find(['{', '[', '}', ']', '"']) {
        at += next;
        match text.as_bytes().get(at) {
            Some(b'{' | b'[') => depth += 1,
            Some(b'"') => at += string_length(&text[at..]).saturating_sub(1),
            _ => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
        }
        at += 1;
    }
    None
}

/// Returns the length of the string at the start of a text, or 1 if its line has no closing quote.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return 1,
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    1
}

/// Returns the length to skip at a backtick: a run of several, one backtick, or a code span of one line whose content
/// is not JSON.
pub(super) fn code_span(text: &str, is_json: impl Fn(&str) -> bool) -> usize {
    let ticks = text.len() - text.trim_start_matches('`').len();
    if ticks > 1 {
        return ticks;
    }
    let line = text[1..].split('\n').next().unwrap_or_default();
    match line.split_once('`') {
        Some((inside, _)) if !is_json(inside.trim()) => inside.len() + 2,
        _ => 1,
    }
}
