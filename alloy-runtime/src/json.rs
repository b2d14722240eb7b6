//! A parameter that stands in the prompt as JSON.

use std::fmt;

use serde::Serialize;

/// A value that a prompt shows as compact JSON: for parameters that have no `Display`, or not one a
/// model should read.
///
/// A value that cannot be written as JSON (a map whose keys are no text, say) is an error of kind
/// [`Prompt`](crate::ErrorKind::Prompt) when the command is awaited.
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
        let json = serde_json::to_string(&self.0).map_err(|_| fmt::Error)?;
        f.write_str(&json)
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
