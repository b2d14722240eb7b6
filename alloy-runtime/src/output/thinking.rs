//! Thinking that stands in front of an answer, as servers and templates leave it there that do not know a
//! model's thinking.

/// What stands around it.
#[cfg(feature = "embedded")]
pub(crate) const TAGS: (&str, &str) = (OPEN, CLOSE);

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// The thinking text that an answer begins with, without its tags, and the answer behind it; `None` where it
/// begins with none, or with one that does not end. Some templates leave the opening tag out.
pub(crate) fn apart(text: &str) -> Option<(&str, &str)> {
    // The usual answer: one byte is looked for faster than a tag.
    if !text.contains('<') {
        return None;
    }
    let mut end = 0;
    while let Some(more) = thinking_end(&text[end..]) {
        end += more;
    }
    let (thinking, rest) = text.split_at(end);
    (end > 0).then(|| (without_tags(thinking), rest.trim_start()))
}

/// Where the thinking ends that a text begins with.
fn thinking_end(text: &str) -> Option<usize> {
    let mut scan = Scan::default();
    scan.go_on(text);
    if scan.thought {
        return (scan.end > 0).then_some(scan.end);
    }
    // A tag that is spoken of stands within a line.
    let (before, after) = text.split_once(CLOSE)?;
    let alone = before.ends_with('\n') || after.starts_with(['\n', '\r']);
    alone.then(|| text.len() - after.len())
}

/// Whether a text begins with thinking.
pub(super) fn begins_to_think(text: &str) -> bool {
    text.trim_start().starts_with(OPEN)
}

/// A thinking text without the tags around it.
fn without_tags(thinking: &str) -> &str {
    let text = thinking.trim();
    let text = text.strip_prefix(OPEN).unwrap_or(text);
    text.strip_suffix(CLOSE).unwrap_or(text).trim()
}

/// Looks for the thinking that a text begins with: `<think>…</think>`, one within another, or one behind another.
#[derive(Debug, Default)]
struct Scan {
    /// How far the text was looked at.
    at: usize,
    /// How many `<think>` are open there.
    open: u32,
    /// Whether there was one.
    thought: bool,
    /// Where the last of them ended that had none around it.
    end: usize,
}

impl Scan {
    /// Looks on, at a text that may have grown at its end: where behind all thinking the answer begins. `None` until
    /// enough of the text is there.
    fn go_on(&mut self, text: &str) -> Option<usize> {
        loop {
            let rest = &text[self.at..];
            if self.open == 0 {
                let rest = rest.trim_start();
                self.at = text.len() - rest.len();
                if rest.starts_with(OPEN) {
                    self.at += OPEN.len();
                    self.open = 1;
                    self.thought = true;
                    continue;
                }
                // It may yet become a tag. The blanks before it are looked at once.
                return (!OPEN.starts_with(rest)).then_some(self.at);
            }
            let Some(tag) = rest.find('<') else {
                self.at = text.len();
                return None;
            };
            let rest = &rest[tag..];
            self.at += tag;
            if rest.starts_with(OPEN) {
                self.open += 1;
                self.at += OPEN.len();
            } else if rest.starts_with(CLOSE) {
                self.open -= 1;
                self.at += CLOSE.len();
                if self.open == 0 {
                    self.end = self.at;
                }
            } else if OPEN.starts_with(rest) || CLOSE.starts_with(rest) {
                return None;
            } else {
                self.at += 1;
            }
        }
    }
}

/// Parts the text of a stream from the thinking before it, however the pieces are split.
#[derive(Debug, Default)]
pub(crate) struct ThinkingFilter {
    /// What came before it was known to be text.
    held: String,
    scan: Scan,
    /// Whether the text has begun: nothing is held any more but thinking.
    begun: bool,
}

impl ThinkingFilter {
    /// Takes the next piece, and gives what is text for certain.
    pub(crate) fn push(&mut self, piece: String) -> Option<String> {
        if self.begun {
            return Some(piece);
        }
        match self.held.is_empty() {
            true => self.held = piece,
            false => self.held += &piece,
        }
        let text = self.scan.go_on(&self.held)?;
        self.begun = true;
        Some(match self.scan.thought {
            true => self.held.split_off(text),
            // With the blanks before it.
            false => std::mem::take(&mut self.held),
        })
    }

    /// How much is held, in bytes.
    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }

    /// What is left when the stream ends: text that might have become a tag. A thinking text without an end
    /// is none.
    pub(crate) fn rest(&mut self) -> Option<String> {
        if self.begun || self.scan.thought || self.held.trim().is_empty() {
            return None;
        }
        self.begun = true;
        Some(std::mem::take(&mut self.held))
    }

    /// The thinking text, without its tags; empty where there was none, or none has come to its end.
    pub(crate) fn thinking(&self) -> &str {
        match self.scan.thought && self.scan.open == 0 {
            true => without_tags(&self.held),
            false => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ThinkingFilter, apart};

    /// What is text of a stream that comes in these pieces, what is thinking.
    fn read<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (String, String) {
        let mut filter = ThinkingFilter::default();
        let mut text = String::new();
        for piece in pieces {
            text += &filter.push(piece.to_owned()).unwrap_or_default();
        }
        text += &filter.rest().unwrap_or_default();
        (text, filter.thinking().to_owned())
    }

    // Blanks without end are held back, and looked at once: a second for a few of them, once.
    #[test]
    fn blanks_cost_what_they_are_long() {
        let mut filter = ThinkingFilter::default();
        for _ in 0..200_000 {
            assert!(filter.push(" ".repeat(50)).is_none());
        }
        assert_eq!(filter.push("x".to_owned()).unwrap().len(), 10_000_001);
    }

    // S6
    #[test]
    fn thinking_is_told_from_text_however_it_is_split() {
        let check = |whole: &str, text: &str, thinking: &str| {
            let expected = (text.to_owned(), thinking.to_owned());
            assert_eq!(read([whole]), expected, "{whole:?}");
            assert_eq!(read(whole.split_inclusive(|_| true)), expected, "{whole:?}");
            for (at, _) in whole.char_indices() {
                let (one, other) = whole.split_at(at);
                assert_eq!(read([one, other]), expected, "{one:?} {other:?}");
            }
        };
        check("Hello <think>", "Hello <think>", "");
        check(" \n Hello", " \n Hello", "");
        check("<thin", "<thin", "");
        check("<thing>", "<thing>", "");
        check("  ", "", "");
        check("<think>so</think>\n\nHello", "Hello", "so");
        check(
            "\n<think>\nso\n</think>Hello</think>",
            "Hello</think>",
            "so",
        );
        check(
            "<think>a<think>b</think>c</think>Hello",
            "Hello",
            "a<think>b</think>c",
        );
        check(
            "<think>a < b</thinking></think>Hello",
            "Hello",
            "a < b</thinking>",
        );
        check(
            "<think>a</think> <think>b</think> Hello",
            "Hello",
            "a</think> <think>b",
        );
        check("<think>so", "", "");
        check("<think>so</think>", "", "so");
    }

    #[test]
    fn a_closing_tag_alone_is_one_at_the_end_of_a_line() {
        assert_eq!(apart("so\n</think>Hello"), Some(("so", "Hello")));
        assert_eq!(apart("so</think>\nHello"), Some(("so", "Hello")));
        assert_eq!(apart("Write </think> to end it."), None);
    }
}
