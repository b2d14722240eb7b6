//! Making a prompt out of a template's pieces, a body or labelled blocks.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};

use crate::error::BoxError;
use crate::prompt;

/// What the body of a command may yield.
#[diagnostic::on_unimplemented(
    message = "the body of a command yields its prompt, which `{Self}` is not",
    label = "this command's body",
    note = "end the body of a command with the text itself, a `String` or `&str`, without `;` or `Ok(…)`"
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

/// Appends a parameter that the prompt does not mention, as a labelled block.
pub fn push_block(prompt: &mut Rendered, name: &str, value: &(impl Shown + ?Sized)) {
    let Ok(text) = prompt else {
        return;
    };
    if prompt::push_block(text, name, value).is_err() {
        *prompt = Err(format!("the parameter `{name}` could not be written as text").into());
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
