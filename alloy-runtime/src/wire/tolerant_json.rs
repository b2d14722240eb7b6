//! Rewrites JSON that a strict parser rejects although its meaning is clear.
//!
//! Some servers write a key twice, `NaN`, half of a surrogate pair, or a raw control character. None of these may cost
//! the user a whole reply. Only a reply that was rejected is rewritten, so that the usual one is parsed once.

use std::fmt::Write as _;

use serde_json::Value;

/// Returns equivalent JSON without these irregularities; `None` if it is not JSON even then.
///
/// If a key is repeated, its last value counts. A number that JSON does not have is null, and half of a surrogate
/// pair is U+FFFD.
pub(super) fn rewrite(json: &str) -> Option<String> {
    let value: Value = serde_json::from_str(&tolerant(json)).ok()?;
    Some(value.to_string())
}

/// Replaces the parts that a parser rejects.
fn tolerant(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json.trim_start_matches('\u{feff}');
    let mut in_string = false;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '\\' if in_string => length = push_escape(&mut out, rest),
            '"' => {
                in_string = !in_string;
                out.push(c);
            }
            c if in_string && c < ' ' => {
                // NOTE: Writing to a `String` cannot fail.
                let _written = write!(out, "\\u{:04x}", u32::from(c));
            }
            'N' | 'I' | '-' if !in_string => match not_a_number(rest) {
                Some(word) => {
                    out.push_str("null");
                    length = word.len();
                }
                None => out.push(c),
            },
            c => out.push(c),
        }
        rest = &rest[length..];
    }
    out
}

/// Returns the word at the start of a text if it is a number that JSON does not have.
fn not_a_number(text: &str) -> Option<&'static str> {
    ["NaN", "Infinity", "-Infinity", "-NaN"]
        .into_iter()
        .find(|word| text.starts_with(word))
}

/// Copies the escape at the start of a text, and returns its length. Half of a surrogate pair is replaced.
fn push_escape(out: &mut String, text: &str) -> usize {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    match unit(text) {
        Some(0xd800..=0xdbff) if matches!(unit(&text[6..]), Some(0xdc00..=0xdfff)) => {
            out.push_str(&text[..12]);
            12
        }
        Some(0xd800..=0xdfff) => {
            out.push('\u{fffd}');
            6
        }
        _ => {
            let length = text.chars().take(2).map(char::len_utf8).sum();
            out.push_str(&text[..length]);
            length
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn irregular_json_is_rewritten() {
        let check = |json: &str, expected: Option<&str>| {
            assert_eq!(rewrite(json).as_deref(), expected, "{json}");
        };
        check(r#"{"a":1,"a":2}"#, Some(r#"{"a":2}"#));
        check(r#"{"a":{"b":1,"b":2}}"#, Some(r#"{"a":{"b":2}}"#));
        check("\u{feff}{}", Some("{}"));
        check(
            r#"{"a":NaN,"b":[-Infinity,Infinity],"c":-1}"#,
            Some(r#"{"a":null,"b":[null,null],"c":-1}"#),
        );
        check(r#"{"a":"NaN \" NaN"}"#, Some(r#"{"a":"NaN \" NaN"}"#));
        check(r#"{"a":"\ud83d!"}"#, Some("{\"a\":\"\u{fffd}!\"}"));
        check(
            r#"{"a":"\ude00\\ud83d"}"#,
            Some("{\"a\":\"\u{fffd}\\\\ud83d\"}"),
        );
        check(r#"{"a":"\ud83d\ude00"}"#, Some("{\"a\":\"\u{1f600}\"}"));
        check("{\"a\":\"x\ty\"}", Some(r#"{"a":"x\ty"}"#));
        check(r#"{"a":"#, None);
        check(r#"{"a":"\"#, None);
        check(r#"{"a":"\ud83d"#, None);
    }
}
