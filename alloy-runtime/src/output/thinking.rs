//! Separates inline thinking text from an answer. Some servers and templates do not recognize the thinking of a model
//! and leave it at the start of the answer.

/// The opening and the closing tag of the thinking of most models.
#[cfg(feature = "embedded")]
pub(crate) const TAGS: (&str, &str) = (MARKS[0].0, MARKS[0].1);

/// The marks around thinking text, by the templates of models: most of them, Mistral, Seed, Kimi, Gemma, gpt-oss.
const MARKS: [(&str, &str); 20] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),
    ("<Thinking>", "</Thinking>"),
    ("<antThinking>", "</antThinking>"),
    ("<thoughts>", "</thoughts>"),
    ("<reflection>", "</reflection>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<longcat_think>", "</longcat_think>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|channel>thought", "<channel|>"),
    ("<unused94>thought", "<unused95>"),
    (HARMONY_ANALYSIS, HARMONY_MESSAGE_END),
    (HARMONY_COMMENTARY, HARMONY_MESSAGE_END),
];

/// The format of gpt-oss has a channel for thinking, one for remarks before a tool call, and one for the answer.
const HARMONY_ANALYSIS: &str = "<|channel|>analysis<|message|>";
const HARMONY_COMMENTARY: &str = "<|channel|>commentary<|message|>";
const HARMONY_MESSAGE_END: &str = "<|end|>";

/// Marks of the same format before the answer, with the format of the answer or without, and at its end.
const HARMONY_START: [&str; 6] = [
    "<|start|>assistant",
    "<|channel|>final<|message|>",
    "<|channel|>final <|constrain|>json<|message|>",
    "<|channel|>final <|constrain|>JSON<|message|>",
    "<|channel|>final<|constrain|>json<|message|>",
    "<|channel|>final json<|message|>",
];
const HARMONY_END: [&str; 2] = ["<|return|>", HARMONY_MESSAGE_END];

/// Splits an answer into the thinking text at its start, without marks, and the rest. Returns `None` if the answer does
/// not start with thinking text, or if that has no end. The opening mark may be missing, because some templates omit it.
pub(crate) fn split_thinking(text: &str) -> Option<(String, &str)> {
    // Fast path for most answers.
    if !text.contains(['<', '◁']) && !text.contains("[/THINK]") {
        return None;
    }
    let mut end = 0;
    let mut thinking = String::new();
    let mut is_harmony = false;
    while let Some(part) = ThinkingPart::find(&text[end..]) {
        thinking += part.thinking;
        end += part.end;
        is_harmony |= part.is_harmony;
    }
    let mut rest = text[end..].trim_start();
    for mark in HARMONY_END.iter().filter(|_| is_harmony) {
        rest = rest.strip_suffix(mark).unwrap_or(rest);
    }
    (end > 0).then_some((thinking, rest))
}

/// The thinking at the start of a text.
struct ThinkingPart<'a> {
    thinking: &'a str,
    /// End of the part, its marks included.
    end: usize,
    is_harmony: bool,
}

impl<'a> ThinkingPart<'a> {
    fn find(text: &'a str) -> Option<Self> {
        let mut scan = Scan::default();
        scan.advance(text);
        if scan.found || scan.is_harmony {
            let thinking = without_marks(&text[..scan.end]);
            return (scan.end > 0).then_some(Self {
                thinking,
                end: scan.end,
                is_harmony: scan.is_harmony,
            });
        }
        // Without an opening mark, the closing mark must be at the start or the end of a line. Inside of a line it may
        // be prose. The end of a message in harmony's format is no such mark.
        let closes = MARKS
            .iter()
            .filter(|(_, close)| *close != HARMONY_MESSAGE_END);
        let found = closes.filter_map(|(_, close)| Some((text.find(close)?, close.len())));
        let (at, length) = found.min()?;
        let (before, after) = (&text[..at], &text[at + length..]);
        let is_alone = before.ends_with('\n') || after.starts_with(['\n', '\r']);
        is_alone.then(|| Self {
            thinking: before.trim(),
            end: at + length,
            is_harmony: false,
        })
    }
}

/// Returns `true` if a text starts with an opening mark.
pub(super) fn starts_with_thinking(text: &str) -> bool {
    let text = text.trim_start();
    MARKS.iter().any(|(open, _)| text.starts_with(open))
}

/// Removes the marks around a thinking text.
fn without_marks(thinking: &str) -> &str {
    let mut text = thinking.trim();
    let before = |text: &'_ str| HARMONY_START.iter().find(|mark| text.ends_with(**mark));
    while let Some(mark) = before(text) {
        text = text[..text.len() - mark.len()].trim_end();
    }
    let marks = MARKS.iter().find(|(open, _)| text.starts_with(open));
    let Some((open, close)) = marks else {
        // Only the marks before an answer.
        return "";
    };
    let text = text.strip_prefix(open).unwrap_or(text);
    text.strip_suffix(close).unwrap_or(text).trim()
}

/// Incremental search for the end of thinking text: `<think>…</think>`, which may be nested or repeated.
#[derive(Debug, Default)]
struct Scan {
    /// Length in bytes of the text that was searched.
    position: usize,
    /// Marks of the thinking text that is open at `position`.
    marks: Option<(&'static str, &'static str)>,
    /// Number of opening marks without a closing one.
    depth: u32,
    /// `true` if there was an opening mark.
    found: bool,
    /// `true` if the text is in harmony's format.
    is_harmony: bool,
    /// End of the last outermost closing mark.
    end: usize,
}

impl Scan {
    /// Continues the search in a text that may have grown, and returns the start of the answer. Returns `None` until
    /// enough of the text is available.
    fn advance(&mut self, text: &str) -> Option<usize> {
        loop {
            let rest = &text[self.position..];
            let Some((open, close)) = self.marks else {
                let rest = rest.trim_start();
                self.position = text.len() - rest.len();
                if let Some(marks) = MARKS.iter().find(|(open, _)| rest.starts_with(open)) {
                    self.position += marks.0.len();
                    self.marks = Some(*marks);
                    self.depth = 1;
                    self.found = true;
                    self.is_harmony |= marks.1 == HARMONY_MESSAGE_END;
                    continue;
                }
                if let Some(mark) = HARMONY_START.iter().find(|mark| rest.starts_with(**mark)) {
                    self.position += mark.len();
                    self.end = self.position;
                    self.is_harmony = true;
                    continue;
                }
                // The rest may still become a mark. `position` is after the white space, so that it is searched only
                // once.
                let opens = MARKS.iter().map(|(open, _)| open).chain(&HARMONY_START);
                let mut opens = opens.filter(|open| open.starts_with(rest));
                return opens.next().is_none().then_some(self.position);
            };
            // Both marks begin with the same character, or with `[` or `<`.
            let starts = [open, close].map(|mark| mark.chars().next().unwrap_or('<'));
            let Some(mark) = rest.find(starts) else {
                self.position = text.len();
                return None;
            };
            let rest = &rest[mark..];
            self.position += mark;
            if rest.starts_with(open) {
                self.depth += 1;
                self.position += open.len();
            } else if rest.starts_with(close) {
                self.depth -= 1;
                self.position += close.len();
                if self.depth == 0 {
                    self.end = self.position;
                    self.marks = None;
                }
            } else if open.starts_with(rest) || close.starts_with(rest) {
                return None;
            } else {
                self.position += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
    }
}

/// Separates thinking text from the text of a stream. A mark may be split between pieces.
#[derive(Debug, Default)]
pub(crate) struct ThinkingFilter {
    /// All pieces until the answer starts; from then on, only the thinking text.
    before: String,
    scan: Scan,
    /// `true` once the answer has started. Further pieces are returned unchanged, unless the format has an end mark.
    text_started: bool,
    /// The end of the text so far that may become an end mark.
    held_end: String,
}

impl ThinkingFilter {
    /// Adds a piece, and returns the text that is known to be part of the answer.
    pub(crate) fn push(&mut self, piece: String) -> Option<String> {
        if self.text_started {
            return self.without_end(piece);
        }
        match self.before.is_empty() {
            true => self.before = piece,
            false => self.before += &piece,
        }
        let text = self.scan.advance(&self.before)?;
        self.text_started = true;
        let text = match self.scan.found || self.scan.is_harmony {
            true => self.before.split_off(text),
            // White space before the text is part of it.
            false => std::mem::take(&mut self.before),
        };
        self.without_end(text)
    }

    /// Removes the end mark of harmony's format.
    fn without_end(&mut self, piece: String) -> Option<String> {
        if !self.scan.is_harmony {
            return Some(piece);
        }
        let mut text = std::mem::take(&mut self.held_end) + &piece;
        for mark in HARMONY_END {
            text = text.replace(mark, "");
        }
        let could_be_end = |at: &usize| {
            HARMONY_END
                .iter()
                .any(|mark| mark.starts_with(&text[*at..]))
        };
        let starts = text
            .char_indices()
            .filter(|(_, c)| *c == '<')
            .map(|(at, _)| at);
        if let Some(at) = starts.into_iter().find(could_be_end) {
            self.held_end = text.split_off(at);
        }
        (!text.is_empty()).then_some(text)
    }

    /// Returns the length in bytes of the text that is held back.
    pub(crate) fn held(&self) -> usize {
        self.before.len() + self.held_end.len()
    }

    /// Returns the text that is still held back at the end of the stream because it could have become a mark. A thinking
    /// text without an end is not returned.
    pub(crate) fn rest(&mut self) -> Option<String> {
        if self.text_started {
            let rest = std::mem::take(&mut self.held_end);
            return (!rest.is_empty()).then_some(rest);
        }
        if self.scan.found || self.scan.is_harmony || self.before.trim().is_empty() {
            return None;
        }
        self.text_started = true;
        Some(std::mem::take(&mut self.before))
    }

    /// Returns the thinking text without its marks; empty if the text has no thinking, or thinking without an end.
    pub(crate) fn thinking(&self) -> &str {
        match self.scan.found && self.scan.marks.is_none() {
            true => without_marks(&self.before),
            false => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MARKS, ThinkingFilter, split_thinking};

    /// Returns the text and the thinking text of a stream with these pieces.
    fn filter<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (String, String) {
        let mut filter = ThinkingFilter::default();
        let mut text = String::new();
        for piece in pieces {
            text += &filter.push(piece.to_owned()).unwrap_or_default();
        }
        text += &filter.rest().unwrap_or_default();
        (text, filter.thinking().to_owned())
    }

    // Leading white space is held back. If each piece started the search again, its time would be quadratic.
    #[test]
    fn leading_white_space_is_searched_once() {
        let mut filter = ThinkingFilter::default();
        for _ in 0..200_000 {
            assert!(filter.push(" ".repeat(50)).is_none());
        }
        assert_eq!(filter.push("x".to_owned()).unwrap().len(), 10_000_001);
    }

    // S6
    #[test]
    fn thinking_is_separated_however_the_text_is_split() {
        let check = |whole: &str, text: &str, thinking: &str| {
            let expected = (text.to_owned(), thinking.to_owned());
            assert_eq!(filter([whole]), expected, "{whole:?}");
            assert_eq!(
                filter(whole.split_inclusive(|_| true)),
                expected,
                "{whole:?}"
            );
            for (at, _) in whole.char_indices() {
                let (one, other) = whole.split_at(at);
                assert_eq!(filter([one, other]), expected, "{one:?} {other:?}");
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
        for (open, close) in MARKS {
            check(&format!("{open}so{close}Hello"), "Hello", "so");
            check(
                &format!("{open} so < [ {close}\n\nHello"),
                "Hello",
                "so < [",
            );
            check(&format!("{open}so"), "", "");
        }
        let analysis = "<|channel|>analysis<|message|>so<|end|>";
        let answer = "<|start|>assistant<|channel|>final<|message|>Hello < <|return|>";
        check(&format!("{analysis}{answer}"), "Hello < ", "so");
        check("<|channel|>final<|message|>Hello<|return|>", "Hello", "");
        for format in [" <|constrain|>json", "<|constrain|>json", " json"] {
            let answer = format!("<|channel|>final{format}<|message|>{{}}<|return|>");
            check(&format!("{analysis}<|start|>assistant{answer}"), "{}", "so");
            check(&answer, "{}", "");
        }
        // A remark before the answer is no part of it.
        let remark = "<|channel|>commentary<|message|>wait<|end|>";
        check(
            &format!("{remark}<|start|>assistant<|channel|>final<|message|>Hello<|return|>"),
            "Hello",
            "wait",
        );
        check("<think>so", "", "");
        check("<think>so</think>", "", "so");
    }

    #[test]
    fn a_closing_tag_without_an_opening_tag_must_be_at_a_line_end() {
        let so = || Some(("so".to_owned(), "Hello"));
        assert_eq!(split_thinking("so\n</think>Hello"), so());
        assert_eq!(split_thinking("so</think>\nHello"), so());
        assert_eq!(split_thinking("so\n[/THINK]Hello"), so());
        assert_eq!(split_thinking("so\n◁/think▷Hello"), so());
        assert_eq!(split_thinking("Write </think> to end it."), None);
        assert_eq!(split_thinking("See [1] or [/x]."), None);
    }
}
