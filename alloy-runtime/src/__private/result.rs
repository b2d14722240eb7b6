//! The return type of a command that is written as a `Result`.

use crate::error::Error;

/// `Result<T, Error>` and nothing else.
#[diagnostic::on_unimplemented(
    message = "the `Result` of a command is `alloy_runtime::Result`, not `{Self}`",
    label = "a command fails with `alloy_runtime::Error`",
    note = "write `-> T`, or `-> alloy_runtime::Result<T>`: both are awaited as `Result<T, alloy_runtime::Error>`"
)]
pub trait CommandResult<T> {}

impl<T> CommandResult<T> for Result<T, Error> {}

/// Holds a command's written return type to the one it has.
pub const fn returned<R: CommandResult<T>, T>() {}
