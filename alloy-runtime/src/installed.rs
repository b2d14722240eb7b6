//! Installed models.

/// A model that is installed in Ollama, as listed by [`models`](crate::models).
///
/// A field is `None` if the server did not send it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstalledModel {
    /// The name with its tag, for example `llama3.1:latest`.
    pub name: String,
    /// The size on disk in bytes. In memory, the model is somewhat larger.
    pub size: Option<u64>,
    /// The model family, for example `llama`.
    pub family: Option<String>,
    /// The number of parameters, in the notation of the model's publisher, for example `8.0B`.
    pub parameters: Option<String>,
    /// The quantization of the parameters, for example `Q4_K_M`.
    pub quantization: Option<String>,
    /// The capabilities: `completion`, `tools`, `vision`, `thinking`, …. Sent by Ollama 0.30 and later.
    pub capabilities: Option<Vec<String>>,
}
