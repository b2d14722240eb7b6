//! Checks the return type of a command that is written as a `Result`.

use crate::error::Error;

/// A bound that only `Result<T, Error>` meets.
#[diagnostic::on_unimplemented(
    message = "the `Result` of a command must be `alloy_runtime::Result`, not `{Self}`",
    label = "the error of a command is `alloy_runtime::Error`",
    note = "write `-> T` or `-> alloy_runtime::Result<T>`; both are awaited as `Result<T, alloy_runtime::Error>`"
)]
pub trait CommandResult<T> {}

impl<T> CommandResult<T> for Result<T, Error> {}

/// Checks at compile time that the written return type is the one of the command.
pub const fn check_return_type<R: CommandResult<T>, T>() {}
