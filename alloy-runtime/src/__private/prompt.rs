//! Making a prompt out of a template's pieces, a body or labelled blocks.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use crate::error::BoxError;

/// What the body of a command may yield.
#[diagnostic::on_unimplemented(
    message = "the body of a command yields its prompt, which `{Self}` is not",
    label = "this command's body",
    note = "end the body with a `String` or `&str`: the text that is sent to the model"
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

/// The prompt that a body has yielded.
pub fn body<P: Prompt>(yielded: P) -> String {
    yielded.into_prompt()
}

/// Runs a body that may leave with `?` on any error.
pub fn fallible_body<P: Prompt>(
    run: impl FnOnce() -> Result<P, BoxError>,
) -> Result<String, BoxError> {
    run().map(P::into_prompt)
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
pub fn push_block(prompt: &mut String, name: &str, value: &(impl Shown + ?Sized)) {
    let start = prompt.len();
    // Writing into a string fails only where a value's own `Display` does; what it wrote stays.
    let _ = write!(prompt, "\n\n<{name}>\n");
    let inside = prompt.len();
    let _ = write!(prompt, "{value}");
    let mut label = Cow::Borrowed(name);
    let mut number = 1;
    while prompt[inside..].contains(&format!("</{label}>")) {
        number += 1;
        label = Cow::Owned(format!("{name}-{number}"));
    }
    if number > 1 {
        prompt.replace_range(start..inside, &format!("\n\n<{label}>\n"));
    }
    let _ = write!(prompt, "\n</{label}>");
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
