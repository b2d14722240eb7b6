//! Labelled blocks: the part of a prompt that Alloy adds.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::{self, Display, Write as _};

/// Appends a labelled block to a prompt: a blank line, and the value between an opening and a closing tag.
///
/// The label is `name`, with a number appended if the value contains the closing tag. So a value can never end
/// its own block.
pub(crate) fn push_block(
    text: &mut String,
    name: &str,
    value: &(impl Display + ?Sized),
) -> fmt::Result {
    let start = text.len();
    text.extend(["\n\n<", name, ">\n"]);
    let inside = text.len();
    write!(text, "{value}")?;
    let label = unused_label(&text[inside..], name);
    if label != name {
        text.replace_range(start..inside, &format!("\n\n<{label}>\n"));
    }
    text.extend(["\n</", &*label, ">"]);
    Ok(())
}

/// Returns the first of `name`, `name-2`, `name-3`, … whose closing tag does not occur in `value`. It scans `value`
/// once, however many of the tags occur.
fn unused_label<'a>(value: &str, name: &'a str) -> Cow<'a, str> {
    let mut used = BTreeSet::new();
    for (at, opening) in value.match_indices("</") {
        let Some(rest) = after_name(&value[at + opening.len()..], name) else {
            continue;
        };
        if rest.trim_start().starts_with('>') {
            used.insert(1);
        } else if let Some(rest) = rest.strip_prefix('-') {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if rest[digits..].trim_start().starts_with('>') {
                used.extend(rest[..digits].parse::<usize>().ok());
            }
        }
    }
    // Among one more labels than are used, at least one is unused.
    match (1..=used.len() + 1).find(|number| !used.contains(number)) {
        None | Some(1) => Cow::Borrowed(name),
        Some(number) => Cow::Owned(format!("{name}-{number}")),
    }
}

/// Returns the rest of a tag after its name. Case and leading spaces are ignored, since a model reads `</TEXT >` as
/// `</text>`.
fn after_name<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let tag = tag.trim_start();
    let head = tag.get(..name.len())?;
    head.eq_ignore_ascii_case(name).then(|| &tag[name.len()..])
}

#[cfg(test)]
mod tests {
    use super::unused_label;

    #[test]
    fn a_label_gets_a_number_if_the_value_contains_its_closing_tag() {
        let check = |value: &str, expected: &str| {
            assert_eq!(unused_label(value, "text"), expected, "{value}");
        };
        check("plain", "text");
        check("<text> </texts> </text", "text");
        check("a</text>b", "text-2");
        check("a</text >b", "text-2");
        check("a</ TEXT\n>b", "text-2");
        check("</text></text-2></text-4>", "text-3");
        check("</text-2>", "text");
        check("</text></text-02>", "text-3");
        check("</text></text-99999999999999999999999>", "text-2");
    }
}
