//! What a command returns: how its type asks for an answer, and how the answer is read into it.

mod expected;
mod find;
mod fit;
mod found;
mod misfit;
mod problem;
mod read;
mod repair;
mod thinking;

use std::any::TypeId;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

pub(crate) use self::expected::Expected;
pub use self::expected::Unread;
use self::fit::Rules;
pub(crate) use self::read::{Accept, Ensure, Said, Slot};
pub use self::repair::Repair;
#[cfg(feature = "embedded")]
pub(crate) use self::thinking::TAGS as THINKING;
pub(crate) use self::thinking::{ThinkingFilter, apart};
use crate::schema::Schema;

/// The property of the object around a value that is none.
const VALUE: &str = Schema::VALUE;

/// A type that a command can return.
///
/// Implemented for every type that is `Deserialize` (owning its data), `JsonSchema`, `Send` and
/// `'static`; there is nothing to implement by hand. Two of them are special: `String` is the plain
/// text of the answer, and `()` ignores it. `serde_json::Value` is any JSON. A type whose schema is
/// no object (a number, a list, an enum) is sent as `{"value": …}` and comes back unwrapped.
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
    note = "`String` is plain text, `()` ignores the answer"
)]
pub trait Output: DeserializeOwned + JsonSchema + Send + 'static {}

// NOTE: The one implementation there is: with it, and with these supertraits, no other can be written.
#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> Output for T {}

/// The outputs whose text can be read as it comes: `String`. Any other is read from the whole answer.
#[diagnostic::on_unimplemented(
    message = "only text can be streamed: this command returns `{Self}`",
    label = "returns `{Self}`, which is read from the whole answer",
    note = "await the command instead, or let it return `String`"
)]
pub trait Streamed: Output + sealed::Sealed {}

impl Streamed for String {}

mod sealed {
    pub trait Sealed {}

    impl Sealed for String {}
}

/// What a command's output type asks of the answer. Made once a type.
#[derive(Debug)]
pub(crate) struct Expectation {
    /// The output type, as Rust names it, without module paths.
    pub(crate) type_name: Box<str>,
    pub(crate) content: Content,
}

/// The kind of answer that an output type asks for.
#[derive(Debug)]
pub(crate) enum Content {
    /// `()`: whatever it is.
    Ignored,
    /// `String`: text that is not blank.
    Text,
    /// Anything else: JSON.
    Json(Box<Typed>),
}

/// A typed answer: what is sent, and what comes back is held to.
#[derive(Debug)]
pub(crate) struct Typed {
    /// What is to be enforced; `None` for any JSON.
    pub(crate) enforced: Option<Enforced>,
    /// What the model is told, escaped for a JSON string, without quotes.
    pub(crate) form: Box<str>,
    root: Root,
    schema: Schema,
    rules: Rules,
}

/// A schema, as each that enforces it wants it: each route takes its own.
#[derive(Debug)]
pub(crate) struct Enforced {
    /// For a server.
    pub(crate) json: Box<str>,
    /// Whether each of its objects lists all its properties, as OpenAI's strict mode wants it.
    pub(crate) strict: bool,
    /// For the engine in this process: the same, and what servers leave out. Empty without the engine.
    pub(crate) exact: Box<str>,
}

/// What the JSON of an answer is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Root {
    /// Whatever it is.
    Any,
    /// An object: the value.
    Value,
    /// `{"value": …}` around a value that may be no object.
    Wrapped,
}

impl Expectation {
    pub(crate) fn of<T: Output>() -> Self {
        let content = match TypeId::of::<T>() {
            id if id == TypeId::of::<()>() => Content::Ignored,
            id if id == TypeId::of::<String>() => Content::Text,
            id if id == TypeId::of::<serde_json::Value>() => {
                Content::json(None, Schema::of::<T>(), Root::Any)
            }
            _ => {
                let schema = Schema::of::<T>();
                let (schema, root) = match schema.is_object() {
                    true => (schema, Root::Value),
                    false => (schema.wrapped(), Root::Wrapped),
                };
                let enforced = Enforced {
                    json: schema.to_wire().to_string().into(),
                    strict: schema.is_closed(),
                    exact: match cfg!(feature = "embedded") {
                        true => schema.to_exact().to_string().into(),
                        false => Box::default(),
                    },
                };
                Content::json(Some(enforced), schema, root)
            }
        };
        Self {
            type_name: short_type_name::<T>(),
            content,
        }
    }
}

impl Content {
    fn json(enforced: Option<Enforced>, schema: Schema, root: Root) -> Self {
        let quoted = serde_json::Value::String(schema.to_form()).to_string();
        Self::Json(Box::new(Typed {
            enforced,
            form: quoted[1..quoted.len() - 1].into(),
            root,
            rules: Rules::of(&schema),
            schema,
        }))
    }
}

/// A type's name as people write it: `Vec<User>` for `alloc::vec::Vec<my_crate::model::User>`.
fn short_type_name<T>() -> Box<str> {
    let mut short = String::new();
    for path in std::any::type_name::<T>()
        .split_inclusive(|c: char| !c.is_alphanumeric() && !"_:".contains(c))
    {
        short.push_str(path.rsplit("::").next().unwrap_or(path));
    }
    // Some compilers name a lifetime that none has written.
    short.replace("'_, ", "").replace("<'_>", "").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_names_are_short() {
        assert_eq!(
            &*short_type_name::<Option<Vec<String>>>(),
            "Option<Vec<String>>"
        );
        assert_eq!(
            &*short_type_name::<(u8, std::time::Duration)>(),
            "(u8, Duration)"
        );
        assert_eq!(&*short_type_name::<serde_json::Value>(), "Value");
        assert_eq!(
            &*short_type_name::<std::borrow::Cow<'static, str>>(),
            "Cow<str>"
        );
    }
}
