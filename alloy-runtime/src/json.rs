//! Parameters that are rendered as JSON.

use std::fmt;

use serde::Serialize;

/// A value that is rendered as compact JSON in a prompt. Use it for a parameter whose type does not implement
/// `Display`, or whose `Display` is not meant for a model.
///
/// A value that cannot be serialized as JSON, such as a map whose keys are structs, is an error of kind
/// [`Prompt`](crate::ErrorKind::Prompt) when the command is awaited. The error names the parameter.
///
/// # Panics
///
/// `format!` and `to_string` panic for such a value, as they do for any `Display` that fails.
///
/// # Examples
///
/// ```
/// use alloy_runtime::{Json, command};
///
/// #[derive(serde::Serialize)]
/// struct Order {
///     id: u32,
///     items: Vec<String>,
/// }
///
/// #[command("Sum up this order: {order}", model = "ollama:llama3.1")]
/// async fn sum_up(order: Json<&Order>) -> String;
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// let order = Order { id: 7, items: vec!["lamp".into()] };
/// let preview = sum_up(Json(&order)).preview()?;
/// assert_eq!(preview.messages[0].content, r#"Sum up this order: {"id":7,"items":["lamp"]}"#);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize> fmt::Display for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match serde_json::to_string(&self.0) {
            Ok(json) => f.write_str(&json),
            // `fmt::Error` has no message, so the rejected text ends with the reason.
            Err(error) => {
                write!(f, "{REASON}{error}")?;
                Err(fmt::Error)
            }
        }
    }
}

/// Mark before the reason why a value is not JSON, at the end of a rejected text.
const REASON: &str = "\0json: ";

/// Returns the reason at the end of a text whose last value is not JSON.
pub(crate) fn failure(text: &str) -> Option<&str> {
    Some(text.rsplit_once(REASON)?.1)
}

/// Returns the message for a value that is not JSON: `given` names it, and `reason` is serde's.
pub(crate) fn not_json(given: &str, reason: impl fmt::Display) -> String {
    format!(
        "{given} could not be written as JSON: {reason}; pass a value that JSON has, such as a list of pairs for a \
         map whose keys are not strings"
    )
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
