//! Thinking that stands in front of the text of a stream, as servers and templates leave it there that do
//! not know a model's thinking.

use super::find::{CLOSE, OPEN, split_thinking, without_tags};

/// Parts the text of a stream from a `<think>…</think>` before it, however the pieces are split.
#[derive(Debug, Default)]
pub(crate) struct ThinkingFilter {
    /// What came before it was known to be text.
    held: String,
    /// How far that was looked at.
    at: usize,
    /// How many `<think>` are open there.
    open: u32,
    /// Whether there was one.
    thought: bool,
    /// Whether the text has begun: nothing is held any more.
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
        loop {
            let rest = &self.held[self.at..];
            if self.open == 0 {
                let rest = rest.trim_start();
                if OPEN.starts_with(rest) && rest != OPEN {
                    // It may yet become a tag. The blanks before it are looked at once.
                    self.at = self.held.len() - rest.len();
                    return None;
                }
                if !rest.starts_with(OPEN) {
                    self.begun = true;
                    return Some(match self.thought {
                        true => self.held.split_off(self.held.len() - rest.len()),
                        false => std::mem::take(&mut self.held),
                    });
                }
                self.at = self.held.len() - rest.len() + OPEN.len();
                self.open = 1;
                self.thought = true;
                continue;
            }
            let Some(tag) = rest.find('<') else {
                self.at = self.held.len();
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
            } else if OPEN.starts_with(rest) || CLOSE.starts_with(rest) {
                return None;
            } else {
                self.at += 1;
            }
        }
    }

    /// How much is held, in bytes.
    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }

    /// What is left when the stream ends: text that might have become a tag. A thinking text without an end
    /// is none.
    pub(crate) fn rest(&mut self) -> Option<String> {
        if self.begun || self.thought || self.held.trim().is_empty() {
            return None;
        }
        self.begun = true;
        Some(std::mem::take(&mut self.held))
    }

    /// The thinking text, without its tags; empty where there was none, or none has come to its end.
    pub(crate) fn thinking(&self) -> &str {
        if !self.thought || self.open > 0 {
            return "";
        }
        without_tags(&self.held)
    }
}

/// The thinking text and the text of a stream that was given out whole, where the first was not known before
/// its closing tag came; `None` where there is none.
pub(crate) fn apart(text: &str) -> Option<(&str, &str)> {
    let (thinking, rest) = split_thinking(text);
    Some((without_tags(thinking?), rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::ThinkingFilter;

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
}
