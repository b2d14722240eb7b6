//! Shared by the examples: the default model.

use alloy_runtime::{Config, configure};

/// The small model of this repository. Its model card is `examples/models/README.md`.
pub const SMALL_MODEL: &str = concat!(
    "gguf:",
    env!("CARGO_MANIFEST_DIR"),
    "/models/alloy-tiny-q8_0.gguf"
);

/// Configures the small model of this repository if `ALLOY_MODEL` is not set, and prints a note. Your own programs do
/// not need this.
#[allow(clippy::print_stderr, reason = "the example prints its output")]
pub fn use_small_model_by_default() {
    let set = std::env::var_os("ALLOY_MODEL").filter(|model| !model.is_empty());
    if set.is_some() {
        return;
    }
    eprintln!(
        "ALLOY_MODEL is not set: the small model in examples/models answers. For a larger one: ALLOY_MODEL=ollama:llama3.1"
    );
    // This model name is always valid.
    drop(configure(Config::new().model(SMALL_MODEL)));
}
