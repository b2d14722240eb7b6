//! Loads any bytes as a model file: the result is an error or a model that answers, never a panic.
//!
//! Start with a valid file in the corpus, because few mutations of other inputs get past the header: a small one of any
//! architecture, such as those that the unit tests of the engine write.

#![no_main]

use std::fs;

use alloy_runtime::__private::fuzz::try_model_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("alloy-fuzz-{}.gguf", std::process::id()));
    fs::write(&path, bytes).expect("the temporary folder is not writable");
    if let Err(error) = try_model_file(&path) {
        assert!(!error.to_string().is_empty() && !error.help().is_empty());
    }
});
