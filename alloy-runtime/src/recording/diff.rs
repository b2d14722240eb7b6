//! The differences between two requests, as a person reads them.

use std::fmt::Write as _;

use serde_json::Value;

/// Maximum number of differences that are shown.
const MAX_SHOWN: usize = 6;
/// Maximum number of differing lines of one text that are shown.
const MAX_LINES: usize = 5;
/// Maximum number of characters of a line. A longer one is cut around the difference.
const MAX_WIDTH: usize = 110;
/// Number of equal characters that are shown before and after a difference in a line that is cut.
const CONTEXT: usize = 24;

/// A place at which two requests differ.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    path: String,
    recorded: Side,
    live: Side,
}

impl Difference {
    /// Returns `true` if it is a whole message: its path is `messages[2]`.
    fn is_message(&self) -> bool {
        self.path.starts_with("messages[") && self.path.ends_with(']')
    }
}

/// The value of one of the two requests.
#[derive(Clone, Debug, PartialEq)]
enum Side {
    Missing,
    Text(String),
    /// A value other than a text, as compact JSON.
    Json(String),
}

impl Side {
    fn new(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.clone()),
            other => Self::Json(other.to_string()),
        }
    }

    fn shown(&self) -> &str {
        match self {
            Self::Missing => "(nothing)",
            Self::Text(text) | Self::Json(text) => text,
        }
    }
}

/// Compares a recorded request with a live one.
pub(crate) fn compare(recorded: &Value, live: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    collect(String::new(), recorded, live, &mut differences);
    differences
}

fn collect(path: String, recorded: &Value, live: &Value, out: &mut Vec<Difference>) {
    let difference = |path: String, recorded: Option<&Value>, live: Option<&Value>| Difference {
        path,
        recorded: recorded.map_or(Side::Missing, Side::new),
        live: live.map_or(Side::Missing, Side::new),
    };
    match (recorded, live) {
        (Value::Object(old), Value::Object(new)) => {
            let below = |name: &str| match path.as_str() {
                "" => name.to_owned(),
                path => format!("{path}.{name}"),
            };
            for (name, value) in old {
                match new.get(name) {
                    Some(other) => collect(below(name), value, other, out),
                    None => out.push(difference(below(name), Some(value), None)),
                }
            }
            let added = new.iter().filter(|(name, _)| !old.contains_key(*name));
            out.extend(added.map(|(name, value)| difference(below(name), None, Some(value))));
            let is_reordered = old.len() == new.len()
                && old.keys().all(|name| new.contains_key(name))
                && !old.keys().eq(new.keys());
            if is_reordered {
                let names = |names: Vec<&String>| {
                    Value::from(names.into_iter().cloned().collect::<Vec<_>>())
                };
                let (old, new) = (names(old.keys().collect()), names(new.keys().collect()));
                let path = format!("{path} (order)");
                out.push(difference(path, Some(&old), Some(&new)));
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            let same = |(old, new): &(&Value, &Value)| old.to_string() == new.to_string();
            let start = old.iter().zip(new).take_while(same).count();
            let (old, new) = (&old[start..], &new[start..]);
            let end = old
                .iter()
                .rev()
                .zip(new.iter().rev())
                .take_while(same)
                .count();
            let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
            for index in 0..old.len().max(new.len()) {
                let path = format!("{path}[{}]", start + index);
                match (old.get(index), new.get(index)) {
                    (Some(old), Some(new)) => collect(path, old, new, out),
                    (old, new) => out.push(difference(path, old, new)),
                }
            }
        }
        _ if recorded == live => {}
        _ => out.push(difference(path, Some(recorded), Some(live))),
    }
}

/// Distance of a message that one of two requests does not have: more than that of any change of a text, because the
/// requests are at different places of a conversation.
const MISSING_MESSAGE: usize = 150;

/// Returns how far two requests are from each other: the sum over their differences.
pub(crate) fn distance(differences: &[Difference]) -> usize {
    let distances = differences.iter().map(|difference| {
        let (old, new) = match (&difference.recorded, &difference.live) {
            (Side::Text(old), Side::Text(new)) => (old, new),
            (Side::Missing, _) | (_, Side::Missing) if difference.is_message() => {
                return MISSING_MESSAGE;
            }
            _ => return 30,
        };
        let length = old.chars().count().max(new.chars().count());
        let (start, end) = common(old, new);
        10 + 90 * (length - (start + end).min(length)) / length.max(1)
    });
    distances.sum()
}

/// Returns the numbers of equal characters at the beginning and at the end of two texts, which do not overlap.
fn common(old: &str, new: &str) -> (usize, usize) {
    let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    let same = |(old, new): &(&char, &char)| old == new;
    let start = old.iter().zip(&new).take_while(same).count();
    let (old, new) = (&old[start..], &new[start..]);
    let end = old.iter().rev().zip(new.iter().rev());
    (start, end.take_while(same).count())
}

/// Writes differences: for each its path, the recorded text after `-` and the live one after `+`.
pub(crate) fn render(differences: &[Difference]) -> String {
    let mut out = String::new();
    for Difference {
        path,
        recorded,
        live,
    } in differences.iter().take(MAX_SHOWN)
    {
        let (lines, old, new) = match (recorded, live) {
            (Side::Text(old), Side::Text(new)) => differing_lines(old, new),
            _ => (None, vec![recorded.shown()], vec![live.shown()]),
        };
        // NOTE: Writing to a `String` cannot fail.
        let _written = match lines {
            Some(line) => writeln!(out, "  {path}, line {line}:"),
            None => writeln!(out, "  {path}:"),
        };
        let is_paired = old.len() == new.len();
        let cut_all = |own: &[&str], other: &[&str]| -> Vec<String> {
            let lines = own.iter().take(MAX_LINES).enumerate();
            let lines = lines.map(|(index, line)| match other.get(index) {
                Some(other) if is_paired => cut(line, other),
                _ => cut(line, ""),
            });
            let more = own.len().saturating_sub(MAX_LINES);
            let more = (more > 0).then(|| format!("… {more} more lines"));
            lines.chain(more).collect()
        };
        for line in cut_all(&old, &new) {
            let _written = writeln!(out, "    - {line}");
        }
        for line in cut_all(&new, &old) {
            let _written = writeln!(out, "    + {line}");
        }
    }
    let more = differences.len().saturating_sub(MAX_SHOWN);
    if more > 0 {
        let _written = writeln!(out, "  … and {more} more differences");
    }
    out
}

/// Returns the lines of two texts that differ, with the number of the first one if a text has several.
fn differing_lines<'a>(old: &'a str, new: &'a str) -> (Option<usize>, Vec<&'a str>, Vec<&'a str>) {
    let split = |text: &'a str| text.split('\n').collect::<Vec<_>>();
    let (old, new) = (split(old), split(new));
    if old.len() == 1 && new.len() == 1 {
        return (None, old, new);
    }
    let same = |(old, new): &(&&str, &&str)| old == new;
    let start = old.iter().zip(&new).take_while(same).count();
    let (old, new) = (&old[start..], &new[start..]);
    let end = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(same)
        .count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    (Some(start + 1), old.to_vec(), new.to_vec())
}

/// Cuts a line around its difference from another one, and makes it safe to show.
fn cut(line: &str, other: &str) -> String {
    let length = line.chars().count();
    if length <= MAX_WIDTH {
        return shown(line);
    }
    let (start, end) = common(line, other);
    let first = start.saturating_sub(CONTEXT).min(length);
    let last = (length - end + CONTEXT).min(length);
    let part: Vec<char> = line.chars().skip(first).take(last - first).collect();
    let part: String = match part.len() > MAX_WIDTH {
        true => part[..MAX_WIDTH].iter().chain(&['…']).collect(),
        false => part.iter().collect(),
    };
    let before = if first > 0 { "…" } else { "" };
    let after = if last < length && !part.ends_with('…') {
        "…"
    } else {
        ""
    };
    format!("{before}{}{after}", shown(&part))
}

/// Escapes control characters, and quotes a line whose end could be overlooked.
fn shown(line: &str) -> String {
    let escaped: String = line
        .chars()
        .flat_map(|c| match c.is_control() {
            true => c.escape_default().collect::<Vec<_>>(),
            false => vec![c],
        })
        .collect();
    match escaped.is_empty() || escaped.ends_with(' ') {
        true => format!("\"{escaped}\""),
        false => escaped,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rendered(recorded: &Value, live: &Value) -> String {
        render(&compare(recorded, live))
    }

    #[test]
    fn a_changed_prompt_option_and_model_are_shown_with_their_paths() {
        let recorded =
            json!({"model": "llama3.1", "messages": [{"role": "user", "content": "Say hello"}]});
        let live = json!({
            "model": "qwen3", "messages": [{"role": "user", "content": "Say hallo"}], "options": {"seed": 1},
        });
        let expected = "  model:
    - llama3.1
    + qwen3
  messages[0].content:
    - Say hello
    + Say hallo
  options:
    - (nothing)
    + {\"seed\":1}
";
        assert_eq!(rendered(&recorded, &live), expected);
        assert_eq!(rendered(&live, &live), "");
    }

    #[test]
    fn of_a_text_with_lines_only_those_that_differ_are_shown() {
        let text = |line: &str| json!({"content": format!("Extract.\n{line}\n\nText: Jason")});
        let expected = "  content, line 2:
    - The user.
    + The person.
";
        assert_eq!(rendered(&text("The user."), &text("The person.")), expected);
        let added = json!({"content": "Extract.\nThe user.\nBe brief. \n\nText: Jason"});
        let expected = "  content, line 3:
    + \"Be brief. \"
";
        assert_eq!(rendered(&text("The user."), &added), expected);
    }

    #[test]
    fn a_long_line_is_cut_around_its_difference() {
        let text = |word: &str| json!({"content": format!("{} {word} {}", "a".repeat(300), "b".repeat(300))});
        let shown = rendered(&text("cat"), &text("dog"));
        let (a, b) = ("a".repeat(23), "b".repeat(23));
        assert_eq!(
            shown,
            format!("  content:\n    - …{a} cat {b}…\n    + …{a} dog {b}…\n")
        );
        let lines = rendered(&json!("a".repeat(1000)), &json!("b".repeat(1000)));
        assert!(
            lines.lines().all(|line| line.chars().count() < 130),
            "{lines}"
        );
    }

    #[test]
    fn an_item_that_is_added_in_front_does_not_change_the_others() {
        let tool = |name: &str| json!({"function": {"name": name}});
        let recorded = json!({"tools": [tool("add"), tool("sub")]});
        let live = json!({"tools": [tool("mul"), tool("add"), tool("sub")]});
        let expected = "  tools[0]:
    - (nothing)
    + {\"function\":{\"name\":\"mul\"}}
";
        assert_eq!(rendered(&recorded, &live), expected);
    }

    #[test]
    fn the_order_of_fields_is_a_difference() {
        let one = serde_json::from_str(r#"{"properties": {"name": 1, "age": 2}}"#).unwrap();
        let other = serde_json::from_str(r#"{"properties": {"age": 2, "name": 1}}"#).unwrap();
        let expected = "  properties (order):
    - [\"name\",\"age\"]
    + [\"age\",\"name\"]
";
        assert_eq!(rendered(&one, &other), expected);
    }

    #[test]
    fn a_message_that_changed_is_nearer_than_one_that_is_missing() {
        let messages = |texts: &[&str]| {
            let messages = texts
                .iter()
                .map(|text| json!({"role": "user", "content": text}));
            json!({"messages": messages.collect::<Vec<_>>()})
        };
        let live = messages(&["Extract the user", "Jason", "The age is missing"]);
        let distance = |recorded: &[&str]| distance(&compare(&messages(recorded), &live));
        let first = distance(&["Extract the user"]);
        assert!(distance(&["Extract the user", "A fox", "Twelve"]) < first);
        assert!(first < distance(&["Extract the user", "A", "B", "C", "D", "E", "F"]));
    }

    #[test]
    fn a_text_with_a_small_change_is_nearer_than_another_text() {
        let text = |text: &str| json!({ "content": text });
        let distance = |other: &str| distance(&compare(&text("Extract the user"), &text(other)));
        assert!(distance("Extract the person") < distance("Summarize this page"));
        assert_eq!(distance("Extract the user"), 0);
    }
}
