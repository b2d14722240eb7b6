//! Listing the installed models.

use crate::error::Error;
use crate::installed::InstalledModel;
use crate::pipeline;

/// Lists the models that are installed in Ollama, as `ollama list` does.
///
/// It uses `host`, `api_key` and the timeouts of the current scope, of [`configure`](crate::configure) or of the
/// environment.
///
/// # Errors
///
/// Fails if the server cannot be reached, is not Ollama, or returns an error.
///
/// # Panics
///
/// Awaiting it in a tokio runtime without I/O or time panics in tokio: build the runtime with `enable_all()`.
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
pub async fn models() -> Result<Vec<InstalledModel>, Error> {
    pipeline::installed_models().await
}
