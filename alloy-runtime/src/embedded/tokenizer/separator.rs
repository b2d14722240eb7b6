//! Separators that keep user text from becoming special tokens.

use std::borrow::Cow;

/// Character that is inserted into special tokens to take them apart. It is a Unicode noncharacter, reserved for
/// use inside a program: text that is exchanged does not contain it. Encoding removes it.
pub(super) const SEPARATOR: char = '\u{FDD0}';

/// Inserts separators into a text: inside each special token, and wherever one could be completed by the text
/// before or after. Returns `None` if the text needs no change.
pub(super) fn separate<'a>(
    text: &str,
    special_tokens: impl Iterator<Item = &'a str> + Clone,
) -> Option<String> {
    // Separators in the input are removed first. Without them it may contain special tokens.
    let text = match text.contains(SEPARATOR) {
        true => Cow::Owned(text.replace(SEPARATOR, "")),
        false => Cow::Borrowed(text),
    };
    let contained: Vec<&str> = special_tokens
        .clone()
        .filter(|token| text.contains(token))
        .collect();
    let mut boundaries = Vec::new();
    for token in special_tokens {
        let width = |c: Option<char>| c.map_or(0, char::len_utf8);
        let start = find_start_at_end(&text, token);
        boundaries.extend(start.map(|at| at + width(token.chars().next())));
        let end = find_end_at_start(&text, token);
        boundaries.extend(end.map(|end| end - width(token.chars().next_back())));
    }
    if contained.is_empty() && boundaries.is_empty() {
        return matches!(text, Cow::Owned(_)).then(|| text.into_owned());
    }
    let mut separated = String::with_capacity(text.len() + 64);
    for (at, c) in text.char_indices() {
        if boundaries.contains(&at) {
            separated.push(SEPARATOR);
        }
        separated.push(c);
        if contained.iter().any(|token| text[at..].starts_with(token)) {
            separated.push(SEPARATOR);
        }
    }
    Some(separated)
}

/// Returns where an incomplete special token begins that `text` ends with. A single character does not count: it
/// may occur anywhere.
fn find_start_at_end(text: &str, token: &str) -> Option<usize> {
    let prefixes = token.char_indices().skip(2).map(|(at, _)| &token[..at]);
    let prefix = prefixes.filter(|prefix| text.ends_with(prefix)).last()?;
    Some(text.len() - prefix.len())
}

/// Returns where the remainder of a special token ends that `text` begins with. A single character does not count.
fn find_end_at_start(text: &str, token: &str) -> Option<usize> {
    let mut suffixes = token.char_indices().skip(1).map(|(at, _)| &token[at..]);
    let suffix =
        suffixes.find(|suffix| suffix.chars().nth(1).is_some() && text.starts_with(suffix))?;
    Some(suffix.len())
}
