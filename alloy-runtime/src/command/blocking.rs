//! Runs commands without an async runtime.

use super::Command;
use crate::error::Error;
use crate::global;
use crate::outcome::Outcome;
use crate::output::Output;

/// Methods for programs without an async runtime. They need the feature `blocking`.
impl<T: Output, M> Command<T, M> {
    /// Runs the command and blocks the current thread until it has finished. All blocking calls of a process share one
    /// background runtime.
    ///
    /// # Errors
    ///
    /// Fails with the errors of awaiting the command. Inside an async runtime it sends nothing and fails with a
    /// configuration error: write `.await`, or `tokio::runtime::Handle::current().block_on(command)` in
    /// `spawn_blocking`.
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

    /// Runs the command like [`blocking`](Self::blocking), and returns its value with the details of
    /// [`outcome`](Self::outcome).
    ///
    /// # Errors
    ///
    /// Fails with the errors of [`blocking`](Self::blocking).
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
