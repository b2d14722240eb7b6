//! What the examples share: the model that answers where none is set.

use alloy_runtime::{Config, configure};

/// The small model of this repository; its card lies beside it.
pub const SMALL_MODEL: &str = concat!(
    "gguf:",
    env!("CARGO_MANIFEST_DIR"),
    "/models/alloy-tiny-q8_0.gguf"
);

/// Lets the small model of this repository answer where `ALLOY_MODEL` is not set, and says so. Programs of your own
/// do without.
#[allow(clippy::print_stderr, reason = "a program talks to its user")]
pub fn use_small_model_by_default() {
    let set = std::env::var_os("ALLOY_MODEL").filter(|model| !model.is_empty());
    if set.is_some() {
        return;
    }
    eprintln!(
        "ALLOY_MODEL is not set: the small model in examples/models answers. For a larger one: ALLOY_MODEL=ollama:llama3.1"
    );
    // Such a name can always be set.
    drop(configure(Config::new().model(SMALL_MODEL)));
}
