//! Commands without an async runtime.

use super::Command;
use crate::error::Error;
use crate::global;
use crate::outcome::Outcome;
use crate::output::Output;

/// For programs without an async runtime: feature `blocking`.
impl<T: Output, M> Command<T, M> {
    /// Runs the command and waits for its value. One background runtime serves the whole process.
    ///
    /// # Errors
    ///
    /// The same as awaiting the command. Inside an async runtime, `spawn_blocking` included, it is a
    /// configuration error that says what to write instead; nothing is sent then.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use alloy_runtime::command;
    ///
    /// #[command("Say hello to {name}", model = "ollama:llama3.1")]
    /// async fn greet(name: &str) -> String;
    ///
    /// fn main() -> alloy_runtime::Result<()> {
    ///     println!("{}", greet("Ann").blocking()?);
    ///     Ok(())
    /// }
    /// ```
    pub fn blocking(self) -> Result<T, Error> {
        global::block_on(self)?
    }

    /// The same, and gives all that is known about how the value came.
    ///
    /// # Errors
    ///
    /// Those of [`blocking`](Self::blocking).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> alloy_runtime::Result<()> {
    /// let outcome = hello().blocking_outcome()?;
    /// println!("{:?}", outcome.usage);
    /// # Ok(())
    /// # }
    /// ```
    pub fn blocking_outcome(self) -> Result<Outcome<T>, Error> {
        global::block_on(self.outcome())?
    }
}
