//! Output types of commands: their requirements for an answer, and the parser that reads an answer into a value.
//!
//! An answer that the type accepts unchanged costs one deserialization ([`parse`]). Any other answer goes through three
//! passes: [`extract`] finds the JSON in the text, [`coerce`] converts values to the types of the schema, and
//! [`validate`] checks the limits that only the schema states.

mod alternatives;
mod argument_names;
mod coerce;
mod convert;
mod describe;
mod extract;
mod fence;
mod json_with_duplicates;
mod limits;
mod map_keys;
mod mismatch;
mod parse;
mod repair;
mod serde_error;
mod slot;
mod spec;
mod thinking;
mod tool_args;
mod validate;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

pub(crate) use self::fence::fenced;
pub(crate) use self::json_with_duplicates::JsonWithDuplicates;
pub(crate) use self::map_keys::unreadable_key;
pub(crate) use self::parse::AnswerText;
pub use self::repair::Repair;
#[cfg(feature = "testing")]
pub(crate) use self::slot::Conditions;
pub(crate) use self::slot::{Accept, Ensure, Slot};
pub(crate) use self::spec::{Content, OutputSpec, TypedSpec, WireSchema};
#[cfg(feature = "embedded")]
pub(crate) use self::thinking::TAGS as THINKING;
pub(crate) use self::thinking::{ThinkingFilter, split_thinking};
pub(crate) use self::tool_args::ToolArgsSpec;
pub use self::tool_args::Unread;

/// A type that a command can return.
///
/// It is implemented for every type that is `Deserialize` (owning its data), `JsonSchema`, `Send` and `'static`; it
/// cannot be implemented by hand. Two types are special: `String` is the plain text of the answer, and `()` ignores the
/// answer. `serde_json::Value` accepts any JSON. If the schema of a type is not an object (a number, a list, an enum),
/// Alloy requests `{"value": …}` and unwraps it.
///
/// ```
/// use alloy_runtime::command;
///
/// #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
/// struct User {
///     name: String,
///     age: u8,
/// }
///
/// #[command("Extract the users: {text}", model = "ollama:llama3.1")]
/// async fn users(text: &str) -> Vec<User>;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the output of a command",
    label = "not an output type",
    note = "add `#[derive(serde::Deserialize, schemars::JsonSchema)]` to a type of your own: it needs both, of schemars 1; an output borrows nothing",
    note = "`String` is plain text, `()` ignores the answer",
    note = "a type of another crate needs that crate's feature of schemars, such as `chrono04` for `chrono::NaiveDate`"
)]
pub trait Output: DeserializeOwned + JsonSchema + Send + 'static {}

// NOTE: The only implementation: these supertraits and the blanket implementation rule out any other.
#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> Output for T {}

/// An output type that can be streamed: `String`. Every other type needs the complete answer.
#[diagnostic::on_unimplemented(
    message = "only text can be streamed: this command returns `{Self}`",
    label = "returns `{Self}`, which is read from the whole answer",
    note = "await the command instead, or let it return `String`"
)]
pub trait TextOutput: Output + sealed::Sealed {}

impl TextOutput for String {}

mod sealed {
    pub trait Sealed {}

    impl Sealed for String {}
}
