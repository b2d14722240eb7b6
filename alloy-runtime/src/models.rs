//! What is installed.

use crate::error::Error;
use crate::installed::Model;
use crate::pipeline;

/// Lists the models that Ollama's server has, at the host that is configured, as `ollama list` does.
///
/// Scope, [`configure`](crate::configure) and environment say where the server is: `host`, `api_key`
/// and the time limits are used.
///
/// # Errors
///
/// That the server cannot be reached, is not Ollama, or answers with an error.
///
/// # Examples
///
/// ```no_run
/// # async fn run() -> Result<(), alloy_runtime::Error> {
/// for model in alloy_runtime::models().await? {
///     println!("{} {:?}", model.name, model.size);
/// }
/// # Ok(())
/// # }
/// ```
pub async fn models() -> Result<Vec<Model>, Error> {
    pipeline::installed().await
}
