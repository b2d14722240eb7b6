//! Settings of the whole process, and of a scope.

use std::future::Future;

use crate::config::Config;
use crate::error::Error;
use crate::global::{self, UsageSum};
use crate::reply::Usage;

/// Merges `config` into the settings of the whole process and returns the merged config.
///
/// Keys that `config` does not set keep their values, and options are merged by name. These settings override the
/// environment. A scope, an attribute and a call override them. A command reads them when it is first polled.
///
/// # Errors
///
/// Fails if a value in `config` is not valid. Nothing is changed then.
///
/// # Examples
///
/// ```standalone_crate
/// use alloy_runtime::{Config, configure};
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// configure(Config::new().model("ollama:llama3.1").temperature(0.2))?;
/// let merged = configure(Config::new().temperature(0.9))?;
/// assert!(format!("{merged:?}").contains("model: ollama:llama3.1, temperature: 0.9"));
/// # Ok(())
/// # }
/// ```
pub fn configure(config: Config) -> Result<Config, Error> {
    config.check()?;
    let (_, new) = global::update_process(|old| {
        let mut merged = old.unwrap_or_default();
        merged.merge(config);
        merged
    });
    Ok((*new).clone())
}

/// Replaces the settings of the whole process by `config` and returns the previous ones, so that they can be
/// restored.
///
/// # Errors
///
/// Fails if a value in `config` is not valid. Nothing is changed then.
///
/// # Examples
///
/// ```standalone_crate
/// use alloy_runtime::{Config, replace_config};
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// let before = replace_config(Config::new().model("ollama:qwen3:4b"))?;
/// // …
/// replace_config(before)?;
/// # Ok(())
/// # }
/// ```
pub fn replace_config(config: Config) -> Result<Config, Error> {
    config.check()?;
    let (old, _) = global::update_process(|_| config);
    Ok(old.as_deref().cloned().unwrap_or_default())
}

/// Runs `future` in a scope whose settings override those of the process. Use it where one request of a service, or
/// one test, needs different settings.
///
/// A command keeps the scope in which it was created, even if it is spawned, joined or awaited elsewhere. A command
/// that was created outside any scope uses the scope in which it is first polled. Scopes nest: the inner one overrides
/// single keys of the outer one. A spawned task does not inherit the scope: create the commands in the scope and spawn
/// them, or call `with_config` inside the task.
///
/// If a value in `config` is not valid, every command in the scope fails with that error.
///
/// # Examples
///
/// ```
/// use alloy_runtime::{Config, command, with_config};
///
/// #[command("Say hello")]
/// async fn hello() -> String;
///
/// # #[tokio::main] async fn main() -> Result<(), alloy_runtime::Error> {
/// let preview = with_config(Config::new().model("ollama:qwen3:4b"), async {
///     hello().preview()
/// })
/// .await?;
/// assert!(preview.settings.to_string().contains("ollama:qwen3:4b  (scope)"));
/// # Ok(())
/// # }
/// ```
pub async fn with_config<F: Future>(config: Config, future: F) -> F::Output {
    // An async body, so that this runs at the first poll: only then is the enclosing scope known.
    let mut scope = Config::current();
    scope.merge(config);
    global::scoped(scope.shared(), future).await
}

/// Runs `future`, and returns its output with the tokens of all commands that are made inside it: of every reply, rejected
/// answers and failed commands included, and of the commands that tools call.
///
/// A command counts where it was made, even if it is awaited or spawned elsewhere. A task that is spawned inside makes its
/// commands outside.
///
/// ```no_run
/// use alloy_runtime::{command, with_usage};
///
/// #[command("Translate to French: {text}", model = "ollama:llama3.1")]
/// async fn translate(text: &str) -> String;
///
/// # async fn run() -> Result<(), alloy_runtime::Error> {
/// let (texts, usage) = with_usage(async {
///     Ok::<_, alloy_runtime::Error>([translate("Hello").await?, translate("Bye").await?])
/// })
/// .await;
/// println!("{:?} took {usage}", texts?);
/// # Ok(())
/// # }
/// ```
pub async fn with_usage<F: Future>(future: F) -> (F::Output, Usage) {
    // An async body, so that this runs at the first poll: only then is the enclosing sum known.
    let sum = UsageSum::new();
    let output = global::counted(sum.clone(), future).await;
    (output, sum.total())
}

impl Config {
    /// Returns the settings of the innermost scope; empty outside of any scope. Use it to pass the scope on to a task
    /// that is spawned.
    ///
    /// ```
    /// use alloy_runtime::{Config, command, with_config};
    ///
    /// #[command("Say hello")]
    /// async fn hello() -> String;
    ///
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let preview = with_config(Config::new().model("ollama:qwen3:4b"), async {
    ///     let scope = Config::current();
    ///     tokio::spawn(with_config(scope, async { hello().preview() })).await
    /// })
    /// .await??;
    /// assert_eq!(preview.settings.get("model").as_deref(), Some("ollama:qwen3:4b"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn current() -> Self {
        global::scope().as_deref().cloned().unwrap_or_default()
    }

    /// Reads the current environment variables into a config. Commands read the environment only once, when the
    /// first of them runs; this function reads it again.
    ///
    /// # Errors
    ///
    /// Fails if a variable is not valid. The error names it.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use alloy_runtime::{Config, configure};
    ///
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// configure(Config::from_env()?)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self {
            layer: global::environment()?,
            deferred_error: None,
        })
    }
}
