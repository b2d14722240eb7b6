//! A function of a service that calls two commands. The folder `tests` shows how it is tested without a server.

use alloy_runtime::{Error, ErrorKind, Result, command};

/// A user, as a text describes them.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct User {
    /// Full name, without titles.
    pub name: String,
    /// Age in years.
    pub age: u8,
}

/// Extract the user described in the text.
#[command(model = "ollama:llama3.1")]
pub async fn extract(text: &str) -> User;

/// Writes the sentence that welcomes a user.
#[command(
    "Write one sentence that welcomes {name}, who is {age}.",
    model = "ollama:llama3.1"
)]
pub async fn welcome(name: &str, age: u8) -> String;

/// Reads a letter, and returns the user with a sentence that welcomes them.
///
/// # Errors
///
/// The error of the command that failed.
pub async fn onboard(letter: &str) -> Result<(User, String)> {
    let user = extract(letter).await?;
    let sentence = welcome(&user.name, user.age).await?;
    Ok((user, sentence))
}

/// Returns the status of HTTP for an error of a command.
#[must_use]
pub fn status(error: &Error) -> u16 {
    match error.kind() {
        ErrorKind::Unreachable | ErrorKind::Overloaded | ErrorKind::ModelLoad => 503,
        ErrorKind::TimedOut => 504,
        ErrorKind::InvalidOutput | ErrorKind::Empty | ErrorKind::Truncated => 502,
        ErrorKind::ContextOverflow => 413,
        _ => 500,
    }
}
