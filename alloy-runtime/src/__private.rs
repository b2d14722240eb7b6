//! What the expansion of a macro names. Not part of the interface: it changes with any release.

mod prompt;
mod result;

pub use self::prompt::{Fallback, Given, Prompt, Shown, body, fallible_body, push_block};
pub use self::result::returned;
use crate::command::Command;
use crate::config::Layer;
use crate::error::{BoxError, Error};
use crate::output::Output;
pub use crate::request::Definition;
use crate::request::Request;

/// A declared command, called. The output type is given by turbofish, so that a type that is none is
/// reported where its author wrote it.
pub fn command<T: Output>(definition: &'static Definition, prompt: String) -> Command<T> {
    Command::new(Request {
        definition,
        prompt,
        system: None,
        call: Layer::default(),
        refused: None,
    })
}

/// Like [`command`], where the body may have failed.
pub fn fallible_command<T: Output>(
    definition: &'static Definition,
    prompt: Result<String, BoxError>,
) -> Command<T> {
    let (prompt, refused) = match prompt {
        Ok(prompt) => (prompt, None),
        Err(source) => (String::new(), Some(Error::prompt(source))),
    };
    Command::new(Request {
        definition,
        prompt,
        system: None,
        call: Layer::default(),
        refused,
    })
}

/// The attribute's system text, where it has parameters in it.
pub fn with_system<T: Output>(command: Command<T>, system: String) -> Command<T> {
    command.attribute_system(system)
}
