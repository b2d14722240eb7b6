//! Settings for many commands at once: of the process, and of a task.

use std::future::Future;

use crate::config::Config;
use crate::error::Error;
use crate::global;

/// Sets `config` for the whole process, over what was configured before: keys that it does not set
/// keep their values, and options are merged name by name. Gives back the merged config.
///
/// It is stronger than the environment and weaker than a scope, an attribute and a call. Commands take
/// it when they are first polled.
///
/// # Errors
///
/// A value in `config` that cannot be used; nothing is changed then.
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

/// Sets `config`, and nothing else, for the whole process. Gives back what was configured before, so
/// that it can be put back.
///
/// # Errors
///
/// A value in `config` that cannot be used; nothing is changed then.
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

/// Runs `future` with `config` over the process's: for a request of a server, or a test, that needs
/// settings of its own.
///
/// A command keeps the scope it was made in, wherever it is then spawned, joined or awaited; one that
/// was made outside any scope takes the one it is first polled in. Scopes nest, key by key. A scope does
/// not follow a spawned task: make the commands in the scope and spawn them, or write `with_config`
/// inside the task.
///
/// A value in `config` that cannot be used is the error of each command in the scope.
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
    // When it is first polled, and not when it is written: only then is a scope around it known.
    let mut scope = global::scope().as_deref().cloned().unwrap_or_default();
    scope.merge(config);
    global::scoped(scope.shared(), future).await
}

impl Config {
    /// The environment as it is now, as a config. The process reads it once, at the first use of a
    /// command; this reads it again.
    ///
    /// # Errors
    ///
    /// A variable that cannot be read, by name.
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
            refused: None,
        })
    }
}
