//! Builds a prompt from a template, a body or labeled blocks.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};

use crate::error::BoxError;
use crate::{json, prompt};

/// A value that the body of a command can return.
#[diagnostic::on_unimplemented(
    message = "the body of a command must return its prompt, and `{Self}` is not a prompt",
    label = "this command's body",
    note = "end the body of a command with a `String` or `&str`, without `;` or `Ok(…)`"
)]
pub trait IntoPrompt {
    /// Converts the value to the prompt.
    fn into_prompt(self) -> String;
}

impl IntoPrompt for String {
    fn into_prompt(self) -> String {
        self
    }
}

impl IntoPrompt for &String {
    fn into_prompt(self) -> String {
        self.clone()
    }
}

impl IntoPrompt for &str {
    fn into_prompt(self) -> String {
        self.to_owned()
    }
}

impl IntoPrompt for Cow<'_, str> {
    fn into_prompt(self) -> String {
        self.into_owned()
    }
}

impl IntoPrompt for Box<str> {
    fn into_prompt(self) -> String {
        self.into_string()
    }
}

/// A rendered prompt or system message, or the error of a parameter.
pub type Rendered = Result<String, BoxError>;

/// Renders a template. `capacity` is an estimate of the length, in bytes.
pub fn render(capacity: usize, template: fmt::Arguments<'_>) -> Rendered {
    let mut text = String::with_capacity(capacity);
    match text.write_fmt(template) {
        Ok(()) => Ok(text),
        // Writing to a `String` does not fail, so the `Display` of a parameter did.
        Err(fmt::Error) => Err(rendering_error(&text, None)),
    }
}

/// Converts the value of a body to the prompt.
pub fn body<P: IntoPrompt>(returned: P) -> Rendered {
    Ok(returned.into_prompt())
}

/// Converts the value of a body that can return early with `?` on any error.
pub fn fallible_body<P: IntoPrompt>(returned: Result<P, BoxError>) -> Rendered {
    returned.map(P::into_prompt)
}

/// A value that a template or a labeled block can show: any `Display`, with an error message that names the command.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `Display`, so it cannot be part of the prompt of a command",
    label = "this parameter of the command",
    note = "declare the parameter of the command as `alloy_runtime::Json<…>` to send it as JSON"
)]
pub trait PromptDisplay: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display + ?Sized> PromptDisplay for T {}

/// Appends a parameter that the prompt does not use, as a labeled block.
pub fn push_block(prompt: &mut Rendered, name: &str, value: &(impl PromptDisplay + ?Sized)) {
    let Ok(text) = prompt else {
        return;
    };
    if prompt::push_block(text, name, value).is_err() {
        *prompt = Err(rendering_error(text, Some(name)));
    }
}

/// A parameter that a template shows. Its name is in the errors: rustc's for a type without `Display`, and the one of
/// a value that cannot be written.
#[derive(Debug)]
pub struct TemplateArg<'a, T: ?Sized> {
    name: &'static str,
    value: &'a T,
}

impl<'a, T: ?Sized> TemplateArg<'a, T> {
    /// Wraps a parameter of this name.
    pub const fn new(name: &'static str, value: &'a T) -> Self {
        Self { name, value }
    }
}

impl<T: PromptDisplay + ?Sized> Display for TemplateArg<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f).or_else(|error| {
            f.write_str(NAME)?;
            f.write_str(self.name)?;
            Err(error)
        })
    }
}

/// Mark before the name of a parameter that could not be written, at the end of the rejected text.
const NAME: &str = "\0name: ";

/// Returns the error of a text whose last parameter could not be written. `name` is that of the parameter, if the
/// text does not end with it.
fn rendering_error(text: &str, name: Option<&str>) -> BoxError {
    let (text, name) = match text.rsplit_once(NAME) {
        Some((text, name)) => (text, Some(name)),
        None => (text, name),
    };
    let parameter = match name {
        Some(name) => format!("the parameter `{name}`"),
        None => "a parameter".to_owned(),
    };
    match json::failure(text) {
        Some(reason) => json::not_json(&parameter, reason).into(),
        None => format!("{parameter} could not be written as text: its `Display` failed").into(),
    }
}
