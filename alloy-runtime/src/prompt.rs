//! The words of a prompt that Alloy itself adds: labelled blocks.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::{self, Display, Write as _};

/// Appends a value that the prompt does not mention: a blank line and the value between tags of its
/// name. The label is lengthened until the value does not hold its own closing tag, so that no value
/// can end its block.
pub(crate) fn push_block(
    text: &mut String,
    name: &str,
    value: &(impl Display + ?Sized),
) -> fmt::Result {
    let start = text.len();
    text.extend(["\n\n<", name, ">\n"]);
    let inside = text.len();
    write!(text, "{value}")?;
    let label = free_label(&text[inside..], name);
    if label != name {
        text.replace_range(start..inside, &format!("\n\n<{label}>\n"));
    }
    text.extend(["\n</", &*label, ">"]);
    Ok(())
}

/// The first of `name`, `name-2`, `name-3`, … whose closing tag is not in `value`. One pass, however
/// many of them are.
fn free_label<'a>(value: &str, name: &'a str) -> Cow<'a, str> {
    let mut taken = BTreeSet::new();
    for (at, opening) in value.match_indices("</") {
        let Some(rest) = after_name(&value[at + opening.len()..], name) else {
            continue;
        };
        if rest.trim_start().starts_with('>') {
            taken.insert(1);
        } else if let Some(rest) = rest.strip_prefix('-') {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if rest[digits..].trim_start().starts_with('>') {
                taken.extend(rest[..digits].parse::<usize>().ok());
            }
        }
    }
    // Of one more labels than are taken, one is free.
    match (1..=taken.len() + 1).find(|number| !taken.contains(number)) {
        None | Some(1) => Cow::Borrowed(name),
        Some(number) => Cow::Owned(format!("{name}-{number}")),
    }
}

/// What follows a tag's name, in whatever case it is written: a model reads `</TEXT >` as `</text>`.
fn after_name<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let tag = tag.trim_start();
    let head = tag.get(..name.len())?;
    head.eq_ignore_ascii_case(name).then(|| &tag[name.len()..])
}

#[cfg(test)]
mod tests {
    use super::free_label;

    #[test]
    fn labels_are_lengthened_until_the_value_cannot_end_them() {
        let check = |value: &str, expected: &str| {
            assert_eq!(free_label(value, "text"), expected, "{value}");
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
