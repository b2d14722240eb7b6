//! The undeclared form of a command.

use crate::command::Command;
use crate::global;
use crate::request::{Definition, Request};

/// Asks a model for text, without a declaration: for exploring, and for prompts that a program makes.
///
/// It is a [`Command`] like any other, with the same setters;
/// [`context`](Command::context) adds labelled values.
///
/// # Errors
///
/// Awaiting it gives the errors of a [`Command`].
///
/// # Examples
///
/// ```
/// use alloy_runtime::ask;
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// let command = ask("Which of these is the oldest?")
///     .model("ollama:llama3.1")
///     .system("Answer with one name.")
///     .context("people", &[("Ann", 41), ("Ben", 25)]);
/// assert_eq!(
///     command.preview()?.messages[1].content,
///     "Which of these is the oldest?\n\n<people>\n[[\"Ann\",41],[\"Ben\",25]]\n</people>"
/// );
/// # Ok(())
/// # }
/// ```
pub fn ask(prompt: impl Into<String>) -> Command<String> {
    static DEFINITION: Definition = Definition::new("ask");
    Command::new(Request::new(&DEFINITION, prompt.into(), global::scope()))
}
