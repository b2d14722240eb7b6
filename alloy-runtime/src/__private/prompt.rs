//! Making a prompt out of a template's pieces, a body or labelled blocks.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::{self, Display, Write as _};

use crate::error::BoxError;

/// What the body of a command may yield.
#[diagnostic::on_unimplemented(
    message = "the body of a command yields its prompt, which `{Self}` is not",
    label = "this command's body",
    note = "end the body of a command with the text itself, a `String` or `&str`, without `Ok(…)`"
)]
pub trait Prompt {
    /// The prompt, owned.
    fn into_prompt(self) -> String;
}

impl Prompt for String {
    fn into_prompt(self) -> String {
        self
    }
}

impl Prompt for &String {
    fn into_prompt(self) -> String {
        self.clone()
    }
}

impl Prompt for &str {
    fn into_prompt(self) -> String {
        self.to_owned()
    }
}

impl Prompt for Cow<'_, str> {
    fn into_prompt(self) -> String {
        self.into_owned()
    }
}

impl Prompt for Box<str> {
    fn into_prompt(self) -> String {
        self.into_string()
    }
}

/// A text that was made of a command's parameters, or why it could not be.
pub type Rendered = Result<String, BoxError>;

/// Renders a template. `capacity` is a guess of its length, in bytes.
pub fn render(capacity: usize, template: fmt::Arguments<'_>) -> Rendered {
    let mut text = String::with_capacity(capacity);
    match text.write_fmt(template) {
        Ok(()) => Ok(text),
        // Writing into a string does not fail: a value's own `Display` did.
        Err(fmt::Error) => Err("a parameter could not be written as text".into()),
    }
}

/// The prompt that a body has yielded.
pub fn body<P: Prompt>(yielded: P) -> Rendered {
    Ok(yielded.into_prompt())
}

/// The prompt that a body has yielded, which may have left with `?` on any error.
pub fn fallible_body<P: Prompt>(yielded: Result<P, BoxError>) -> Rendered {
    yielded.map(P::into_prompt)
}

/// What a prompt can show.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Display`, so the prompt of a command cannot show it",
    label = "this parameter of the command",
    note = "declare the parameter of the command as `alloy_runtime::Json<…>` to show it as JSON"
)]
pub trait Shown: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display + ?Sized> Shown for T {}

/// Appends a parameter that the prompt does not mention: a blank line and the value between tags of
/// its name. The label is lengthened until the value does not hold its own closing tag, so that no
/// value can end its block.
pub fn push_block(prompt: &mut Rendered, name: &str, value: &(impl Shown + ?Sized)) {
    let Ok(text) = prompt else {
        return;
    };
    let start = text.len();
    text.extend(["\n\n<", name, ">\n"]);
    let inside = text.len();
    if write!(text, "{value}").is_err() {
        *prompt = Err(format!("the parameter `{name}` could not be written as text").into());
        return;
    }
    let label = free_label(&text[inside..], name);
    if label != name {
        text.replace_range(start..inside, &format!("\n\n<{label}>\n"));
    }
    text.extend(["\n</", &*label, ">"]);
}

/// The first of `name`, `name-2`, `name-3`, … whose closing tag is not in `value`. One pass, however
/// many of them are.
fn free_label<'a>(value: &str, name: &'a str) -> Cow<'a, str> {
    let mut taken = BTreeSet::new();
    for (at, opening) in value.match_indices("</") {
        let Some(rest) = value[at + opening.len()..].strip_prefix(name) else {
            continue;
        };
        if rest.starts_with('>') {
            taken.insert(1);
        } else if let Some(rest) = rest.strip_prefix('-') {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if rest[digits..].starts_with('>') {
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

/// A parameter in a template whose indentation was taken off.
///
/// Such a template reaches the compiler twice: as its author wrote it, which is where a parameter
/// without `Display` is reported, and in pieces. `Given(&&x).part()` finds this type's own method where
/// `Display` is there and the one of [`Fallback`] where it is not, so that the second place is silent.
#[derive(Debug)]
pub struct Given<'a, T: ?Sized>(pub &'a T);

impl<T: Display + ?Sized> Given<'_, T> {
    /// The value, to be formatted.
    #[must_use]
    pub fn part(&self) -> &T {
        self.0
    }
}

/// See [`Given`].
pub trait Fallback {
    /// Nothing: the program does not compile.
    fn part(&self) -> &'static str {
        ""
    }
}

impl<T: ?Sized> Fallback for &Given<'_, T> {}

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
        check("</text></text-2></text-4>", "text-3");
        check("</text-2>", "text");
        check("</text></text-02>", "text-3");
        check("</text></text-99999999999999999999999>", "text-2");
    }
}
