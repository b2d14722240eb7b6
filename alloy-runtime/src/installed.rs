//! The models that a server has: plain data.

/// A model that Ollama's server has: see [`models`](crate::models).
///
/// A field is `None` where the server does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// Its name with its tag, `llama3.1:latest`.
    pub name: String,
    /// Its size on disk, in bytes; in memory it takes somewhat more.
    pub size: Option<u64>,
    /// The family it belongs to, `llama`.
    pub family: Option<String>,
    /// How many parameters it has, as its makers write it: `8.0B`.
    pub parameters: Option<String>,
    /// How coarsely they are stored: `Q4_K_M`.
    pub quantization: Option<String>,
    /// What it can do: `completion`, `tools`, `vision`, `thinking`, …; servers from 0.30 say.
    pub capabilities: Option<Vec<String>>,
}
