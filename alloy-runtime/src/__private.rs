//! What the expansion of a macro names. Not part of the interface: it changes with any release.

#[cfg(fuzzing)]
pub mod fuzz;
mod prompt;
mod result;
mod tool;

pub use self::prompt::{
    Fallback, Given, Prompt, Rendered, Shown, body, fallible_body, push_block, render,
};
pub use self::result::returned;
pub use self::tool::*;
use crate::command::Command;
pub use crate::config::{Key, OptionPair, Think, keys, known_options};
pub use crate::error::BoxError;
use crate::error::Error;
use crate::global;
use crate::output::Output;
pub use crate::request::Definition;
use crate::request::Request;

/// A declared command, called. The output type is given by turbofish, so that a type that is none is
/// reported where its author wrote it.
pub fn command<T: Output>(definition: &'static Definition, prompt: Rendered) -> Command<T> {
    called(definition, prompt, None)
}

/// The same command with the attribute's system text, where that has parameters in it.
pub fn command_with_system<T: Output>(
    definition: &'static Definition,
    prompt: Rendered,
    system: Rendered,
) -> Command<T> {
    called(definition, prompt, Some(system))
}

/// A command with what its `#[ensure(…)]` say of its answers.
pub fn ensured<T: Output>(
    command: Command<T>,
    ensure: fn(&T, &mut Vec<&'static str>),
) -> Command<T> {
    command.ensured(ensure)
}

fn called<T: Output>(
    definition: &'static Definition,
    prompt: Rendered,
    system: Option<Rendered>,
) -> Command<T> {
    let (prompt, refused) = match prompt {
        Ok(prompt) => (prompt, None),
        Err(source) => (String::new(), Some(Error::prompt(source))),
    };
    let mut request = Request::new(definition, prompt, global::scope());
    request.refused = refused;
    match system.transpose() {
        Ok(system) => request.system = system,
        Err(source) => request.refuse(Error::prompt(source)),
    }
    Command::new(request)
}
