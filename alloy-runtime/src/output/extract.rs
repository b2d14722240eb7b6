//! The first pass over an answer: finds the JSON in its text.
//!
//! There must be one value, or one value several times. Where a part of the text looks like JSON and is not valid, the
//! answer is rejected: JSON inside of that part, or next to it, need not be the answer.

mod enclosing;
mod prose;

use serde_json::Value;

use self::enclosing::Fields;
use self::prose::{Bracket, code_span};
use super::fence::fenced;
use super::json_with_duplicates::JsonWithDuplicates;
use super::mismatch::Mismatch;
use super::repair::Repair;
use super::spec::Root;
use super::thinking::starts_with_thinking;
use crate::schema::{Literal, Schema, Shape, ShapeKind};

/// Maximum number of brackets without an end that are skipped. Each is searched to the end of the text.
const MAX_OPEN: usize = 16;

/// The JSON of an answer, with the repairs that finding it needed.
#[derive(Debug)]
pub(super) struct Extracted {
    pub(super) value: Value,
    pub(super) repairs: Vec<Repair>,
}

/// Extracts the only JSON value of an answer. Returns `None` if there is none, or only a part of one.
///
/// # Errors
///
/// There are two values, because any choice would be a guess.
pub(super) fn extract(
    text: &str,
    root: Root,
    schema: &Schema,
) -> Result<Option<Extracted>, Mismatch> {
    // A thinking text without an end may contain a draft, which is not the answer.
    if starts_with_thinking(text) {
        return Ok(None);
    }
    let text = text.trim_start_matches('\u{feff}').trim();
    let expected = Expected::new(root, schema);
    let found = match only_value(text, &expected) {
        Some(found) => Some(found),
        None => surrounded(text, &expected)?.map(|value| (value, Some(Repair::SurroundingText))),
    };
    Ok(found.map(|(found, repair)| {
        let duplicate = found.duplicates.then_some(Repair::DuplicateKey);
        Extracted {
            value: found.value,
            repairs: repair.into_iter().chain(duplicate).collect(),
        }
    }))
}

/// The values that can be the answer.
struct Expected<'a> {
    /// The labels of an enum, or of an optional one.
    labels: Vec<&'a Value>,
    /// `true` if a list can be the answer.
    accepts_lists: bool,
    /// `true` if null can be the answer.
    accepts_null: bool,
    fields: Fields<'a>,
}

impl<'a> Expected<'a> {
    fn new(root: Root, schema: &'a Schema) -> Self {
        let shape = match root {
            Root::Any | Root::Value => None,
            Root::Wrapped => schema.wrapped_value(),
        };
        let options = match shape.map(|shape| &shape.kind) {
            Some(ShapeKind::Union(options)) => options.as_slice(),
            _ => shape.map_or(&[][..], std::slice::from_ref),
        };
        let is_list = |option: &Shape| {
            matches!(
                schema.resolve(option).kind,
                ShapeKind::List { .. } | ShapeKind::Tuple(_) | ShapeKind::Any
            )
        };
        let literals = |option: &'a Shape| match &schema.resolve(option).kind {
            ShapeKind::Literals(literals) => literals.as_slice(),
            _ => &[],
        };
        let literals = options.iter().flat_map(literals);
        Self {
            labels: literals.map(|Literal { value, .. }| value).collect(),
            accepts_lists: root == Root::Any || options.iter().any(is_list),
            accepts_null: options.iter().any(Shape::is_nullable),
            fields: Fields::new(shape.unwrap_or(&schema.root), schema),
        }
    }

    /// Returns the label that a text is.
    fn label(&self, text: &str) -> Option<JsonWithDuplicates> {
        let find = |word: &str| {
            let mut labels = self.labels.iter();
            labels.find(|label| label.as_str() == Some(word))
        };
        // As few marks as possible are left out: a label may begin or end with such a character.
        let mut word = text;
        let label = loop {
            if let Some(label) = find(word) {
                break label;
            }
            word = without_marks(word)?.trim();
        };
        Some(JsonWithDuplicates {
            value: (*label).clone(),
            duplicates: false,
        })
    }
}

/// Marks around a word, the longest first.
const WORD_MARKS: [&str; 7] = ["**", "__", "*", "_", "`", "'", "\""];

/// Removes the outermost marks of a word: a pair around it, or a full stop or comma at its end.
fn without_marks(word: &str) -> Option<&str> {
    if word.starts_with("```") {
        return None;
    }
    let mut marks = WORD_MARKS.iter();
    marks
        .find_map(|mark| word.strip_prefix(mark)?.strip_suffix(mark))
        .or_else(|| word.strip_suffix(['.', ',']))
        .filter(|inside| !inside.is_empty())
}

/// Parses a text that is one value and nothing else.
fn only_value(text: &str, expected: &Expected<'_>) -> Option<(JsonWithDuplicates, Option<Repair>)> {
    let bare = |text: &str| {
        let marked = || whole(without_marks(text)?).filter(|found| !found.value.is_array());
        expected
            .label(text)
            .or_else(|| whole(text))
            .or_else(|| marked().filter(|found| !found.value.is_object()))
    };
    if let Some(value) = bare(text) {
        return Some((value, None));
    }
    if let Some(value) = doubled_brace(text) {
        return Some((value, Some(Repair::DoubledBrace)));
    }
    let inside = fenced(text)?;
    Some((bare(inside)?, Some(Repair::SurroundingText)))
}

fn whole(text: &str) -> Option<JsonWithDuplicates> {
    serde_json::from_str(text).ok()
}

/// Parses `{{"name": "Jason"}}`, with one or two braces at the end.
fn doubled_brace(text: &str) -> Option<JsonWithDuplicates> {
    let inside = text.strip_prefix('{')?.trim_start();
    if !inside.starts_with('{') {
        return None;
    }
    whole(inside).or_else(|| whole(inside.strip_suffix('}')?))
}

/// Parses the only object or list in a text.
fn surrounded(text: &str, expected: &Expected<'_>) -> Result<Option<JsonWithDuplicates>, Mismatch> {
    let mut candidates = Candidates::default();
    // End of the last value.
    let mut end = 0;
    let mut open = 0;
    let mut at = 0;
    while let Some(start) = text[at..].find(['{', '[', '`']) {
        let start = at + start;
        let rest = &text[start..];
        if rest.starts_with('`') {
            at = start
                + code_span(rest, |inside| {
                    inside.contains('{') || whole(inside).is_some()
                });
            continue;
        }
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<JsonWithDuplicates>();
        if let Some(Ok(found)) = values.next() {
            at = start + values.byte_offset();
            let role = match &found.value {
                Value::Array(items) => list_role(items, &text[..start], &text[at..], expected),
                _ => ListRole::Answer,
            };
            if role != ListRole::Prose && expected.fields.enclose(&text[end..start], &found.value) {
                return candidates.enclosed();
            }
            if role != ListRole::Prose {
                end = at;
            }
            candidates.push(found, role);
            continue;
        }
        match prose::bracket(rest, expected.accepts_lists) {
            Bracket::Prose(length) => at = start + length,
            // The limit keeps the time linear in the length of the text.
            Bracket::Open if open < MAX_OPEN => {
                open += 1;
                at = start + 1;
            }
            Bracket::Open | Bracket::Broken => return candidates.broken(),
        }
    }
    // `null, since {…} is an example`.
    let after_null = text.strip_prefix("null").filter(|_| expected.accepts_null);
    let begins_with_null = after_null.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    if begins_with_null && !candidates.answers.is_empty() {
        return Err(two_values("they differ"));
    }
    let last = candidates.answers.last();
    match last.is_some_and(|last| expected.fields.follow(&text[end..], &last.value)) {
        true => candidates.enclosed(),
        false => candidates.only(),
    }
}

/// The values between other text.
#[derive(Default)]
struct Candidates {
    answers: Vec<JsonWithDuplicates>,
    /// `{}` and `[]`, which prose contains too.
    empty: Vec<JsonWithDuplicates>,
    /// Lists that are the answer only if no other list is.
    others: Vec<Value>,
}

impl Candidates {
    fn push(&mut self, found: JsonWithDuplicates, role: ListRole) {
        match role {
            ListRole::Answer if is_empty(&found.value) => self.empty.push(found),
            ListRole::Answer => self.answers.push(found),
            ListRole::Unclear => self.others.push(found.value),
            ListRole::Prose => {}
        }
    }

    /// Returns the result for a text with a value that is not valid JSON.
    fn broken(&self) -> Result<Option<JsonWithDuplicates>, Mismatch> {
        match self.answers.is_empty() {
            true => Ok(None),
            false => Err(two_values("one of them is not valid JSON")),
        }
    }

    /// Returns the result for a text with a value that is a part of another notation.
    fn enclosed(&self) -> Result<Option<JsonWithDuplicates>, Mismatch> {
        match self.answers.is_empty() {
            true => Err(Mismatch::of_whole_value(ENCLOSED.to_owned())),
            false => Err(two_values("one of them is not valid JSON")),
        }
    }

    /// Returns the only value, which may occur several times.
    fn only(self) -> Result<Option<JsonWithDuplicates>, Mismatch> {
        let answers = match self.answers.is_empty() {
            true => self.empty,
            false => self.answers,
        };
        let mut answers = answers.into_iter();
        let Some(first) = answers.next() else {
            return Ok(None);
        };
        let is_same = |other: &Value| *other == first.value || !is_same_kind(other, &first.value);
        match answers.all(|other| other.value == first.value) && self.others.iter().all(is_same) {
            true => Ok(Some(first)),
            false => Err(two_values("they differ")),
        }
    }
}

/// Returns `true` if two values are lists whose first items have the same JSON type.
fn is_same_kind(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => match (left.first(), right.first()) {
            (Some(left), Some(right)) => {
                std::mem::discriminant(left) == std::mem::discriminant(right)
            }
            _ => false,
        },
        _ => false,
    }
}

/// The problem of an answer that has JSON as a part of another notation.
const ENCLOSED: &str =
    "expected JSON and nothing else, found JSON as a part of text in another notation";

fn two_values(how: &str) -> Mismatch {
    Mismatch::of_whole_value(format!("expected one JSON value, found two, and {how}"))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// The meaning of a list between other text.
#[derive(Clone, Copy, PartialEq)]
enum ListRole {
    /// The answer, or a part of it.
    Answer,
    /// A citation such as `[1]`, or a second answer.
    Unclear,
    /// A part of the prose: a link, a check box.
    Prose,
}

fn list_role(items: &[Value], before: &str, after: &str, expected: &Expected<'_>) -> ListRole {
    if items.iter().any(Value::is_object) {
        return ListRole::Answer;
    }
    // A link, or an index: `data["key"]`.
    let is_index = before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ')' | ']'));
    if !expected.accepts_lists || after.starts_with('(') || is_index {
        return ListRole::Prose;
    }
    let is_mark = |c: char| {
        matches!(
            c,
            ' ' | '\t' | '\r' | '*' | '_' | '`' | '"' | '$' | '(' | ')'
        )
    };
    let around = (
        before.trim_end_matches(is_mark),
        after.trim_start_matches(is_mark),
    );
    let (before, after) = around;
    let after = after
        .strip_prefix('.')
        .unwrap_or(after)
        .trim_start_matches(is_mark);
    let line = before.rsplit('\n').next().unwrap_or(before);
    let begins_line = matches!(line.trim(), "" | "-" | ">" | "•") || line.ends_with('>');
    let ends_line = after.is_empty() || after.starts_with(['\n', '<']) || after.starts_with("|>");
    let is_positive = |item: &Value| item.as_u64().is_some_and(|number| number > 0);
    let is_citation = items.iter().all(is_positive);
    let is_announced = ends_with_announcement(before);
    match begins_line && ends_line || (is_announced || !is_citation) && !items.is_empty() {
        true => ListRole::Answer,
        false => ListRole::Unclear,
    }
}

/// Returns `true` if a text announces a value: it ends with a colon, an equals sign, an arrow, or a word such as `is`. A
/// source is not a value: `see: [1]`.
fn ends_with_announcement(before: &str) -> bool {
    let word = |text: &str| {
        let word = text.rsplit(char::is_whitespace).next().unwrap_or_default();
        word.trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase()
    };
    if let Some(label) = before.strip_suffix(':') {
        let sources = [
            "see",
            "source",
            "sources",
            "ref",
            "refs",
            "reference",
            "references",
            "cf",
        ];
        return !sources.contains(&word(label).as_str());
    }
    let words = ["is", "are", "be", "returns", "gives"];
    before.ends_with(['=', '→', '>']) || words.contains(&word(before).as_str())
}

#[cfg(test)]
mod tests;
