//! Commands without a declaration.

use crate::command::Command;
use crate::global;
use crate::request::{CommandDefinition, Request};

/// Asks a model for text without a declared command. Use it to experiment, and for prompts that a program builds at run
/// time.
///
/// It returns a [`Command`] with the usual setters. [`context`](Command::context) adds labelled values to the prompt.
///
/// # Errors
///
/// Awaiting the command fails with the errors of any [`Command`].
///
/// # Panics
///
/// Awaiting it in a tokio runtime without I/O or time panics in tokio; see [`Command`].
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
    static DEFINITION: CommandDefinition = CommandDefinition::new("ask");
    Command::new(Request::new(&DEFINITION, prompt.into(), global::scope()))
}
