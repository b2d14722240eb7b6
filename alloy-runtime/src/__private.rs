//! Items that the expansions of the macros use. Not part of the public API: they change in any release.

#[cfg(fuzzing)]
pub mod fuzz;
mod prompt;
mod result;
mod tool;

pub use self::prompt::{
    IntoPrompt, PromptDisplay, Rendered, TemplateArg, body, fallible_body, push_block, render,
};
pub use self::result::check_return_type;
pub use self::tool::*;
use crate::command::Command;
pub use crate::config::{Key, OptionPair, Think, keys, known_options};
pub use crate::error::BoxError;
use crate::error::Error;
use crate::global;
use crate::output::Output;
pub use crate::request::CommandDefinition;
use crate::request::Request;

/// Calls a declared command. The expansion passes the output type by turbofish, so that rustc reports a type that
/// is not an output where it is written.
pub fn command<T: Output>(definition: &'static CommandDefinition, prompt: Rendered) -> Command<T> {
    new_command(definition, prompt, None)
}

/// Calls a declared command whose system message uses parameters.
pub fn command_with_system<T: Output>(
    definition: &'static CommandDefinition,
    prompt: Rendered,
    system: Rendered,
) -> Command<T> {
    new_command(definition, prompt, Some(system))
}

/// Adds the conditions of `#[ensure(…)]` to a command. `ensure` collects the messages of those that an answer does
/// not meet.
pub fn ensured<T: Output>(
    command: Command<T>,
    ensure: fn(&T, &mut Vec<&'static str>),
) -> Command<T> {
    command.ensured(ensure)
}

fn new_command<T: Output>(
    definition: &'static CommandDefinition,
    prompt: Rendered,
    system: Option<Rendered>,
) -> Command<T> {
    let mut request = Request::new(definition, String::new(), global::scope());
    match prompt {
        Ok(prompt) => request.prompt = prompt,
        Err(source) => request.defer(Error::prompt(source)),
    }
    match system.transpose() {
        Ok(system) => request.system = system,
        Err(source) => request.defer(Error::prompt(source)),
    }
    Command::new(request)
}
