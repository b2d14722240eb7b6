//! What the expansion of a macro names. Not part of the interface: it changes with any release.

mod prompt;
mod result;

pub use self::prompt::{
    Fallback, Given, Prompt, Rendered, Shown, body, fallible_body, push_block, render,
};
pub use self::result::returned;
use crate::command::Command;
use crate::config::Layer;
pub use crate::error::BoxError;
use crate::error::Error;
use crate::output::Output;
pub use crate::request::Definition;
use crate::request::Request;

/// A declared command, called. The output type is given by turbofish, so that a type that is none is
/// reported where its author wrote it.
pub fn command<T: Output>(definition: &'static Definition, prompt: Rendered) -> Command<T> {
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

/// The same command with the attribute's system text, where that has parameters in it.
pub fn with_system<T: Output>(command: Command<T>, system: Rendered) -> Command<T> {
    match system {
        Ok(system) => command.attribute_system(system),
        Err(source) => command.refuse(Error::prompt(source)),
    }
}
