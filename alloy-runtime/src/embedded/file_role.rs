//! Recognizes files that are only a part of a model, or belong to one.

use std::path::Path;

use super::error::{USE_ANOTHER_FILE, show_path};
use super::model_file::ModelFile;
use crate::error::{Error, excerpt};

const SPLIT_COUNT: &str = "split.count";
const SPLIT_NUMBER: &str = "split.no";

/// Checks that a file is a whole model.
///
/// # Errors
///
/// The file is a part of a split model, a projector, an adapter, or another file without a whole model.
pub(super) fn check(file: &ModelFile) -> Result<(), Error> {
    check_split(file)?;
    let architecture = file.text("general.architecture").unwrap_or_default();
    let kind = match file.text("general.type").unwrap_or("model") {
        // Older files of these kinds have no `general.type`.
        "model" if architecture == "clip" => "mmproj",
        "model" if architecture == "controlvector" => "controlvector",
        "model" if file.text("adapter.type").is_some() => "adapter",
        kind => kind,
    };
    let (problem, help) = match kind {
        "model" if file.content.tensor_infos.is_empty() => (
            "it has no tensors: it holds a vocabulary and no model",
            USE_ANOTHER_FILE,
        ),
        "model" => return Ok(()),
        "mmproj" => (
            "it is the projector of a model with images or audio, not the model itself",
            "Use the file of the model, without `mmproj` in its name. This engine reads text only; for images run the model as `ollama:NAME`.",
        ),
        "adapter" => (
            "it is an adapter (LoRA), which changes a model and is not one itself",
            "Use a file of the model with the adapter merged into it (`llama-export-lora --model MODEL --lora ADAPTER --output OUT`), or run both with Ollama (`ADAPTER` in a Modelfile).",
        ),
        "imatrix" => (
            "it is an importance matrix, which is used to quantise a model",
            "Use the file of the model itself.",
        ),
        "controlvector" => (
            "it is a control vector, which changes a model and is not one itself",
            "Use the file of the model itself. This engine does not support control vectors.",
        ),
        unknown => {
            let problem = format!(
                "its `general.type` is `{}`; expected `model`",
                excerpt(unknown)
            );
            return Err(file.unusable(&problem, USE_ANOTHER_FILE));
        }
    };
    Err(file.unusable(problem, help))
}

fn check_split(file: &ModelFile) -> Result<(), Error> {
    if !file.content.metadata.contains_key(SPLIT_COUNT) {
        return Ok(());
    }
    let merge = |first: &str, merged: &str| {
        format!(
            "Get all parts and merge them into one file with llama.cpp's tool, `llama-gguf-split --merge {first} {merged}`, and use that file."
        )
    };
    let help = match split_name(&file.path) {
        Some(name) => {
            let sibling = |name: String| show_path(&file.path.with_file_name(name));
            let first = format!("{}-{:0>5}-of-{}.gguf", name.base, 1, name.count);
            merge(&sibling(first), &sibling(format!("{}.gguf", name.base)))
        }
        None => merge("FIRST", "OUT"),
    };
    let Some(count) = file.integer(SPLIT_COUNT) else {
        let problem = format!("its header has no valid `{SPLIT_COUNT}`; expected an integer");
        return Err(file.unusable(&problem, USE_ANOTHER_FILE));
    };
    if count <= 1 {
        return Ok(());
    }
    let part = match file.integer(SPLIT_NUMBER) {
        Some(number) => format!("part {} of {count}", number.saturating_add(1)),
        None => format!("one of {count} parts"),
    };
    Err(file.unusable(&format!("it is {part} of a split model"), &help))
}

/// The name of a part, such as `model-00002-of-00003.gguf`.
struct SplitName<'a> {
    base: &'a str,
    /// Number of parts, with its leading zeros.
    count: &'a str,
}

fn split_name(path: &Path) -> Option<SplitName<'_>> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let name = path.file_name()?.to_str()?.strip_suffix(".gguf")?;
    let (rest, count) = name.rsplit_once("-of-")?;
    let (base, number) = rest.rsplit_once('-')?;
    (is_number(number) && is_number(count)).then_some(SplitName { base, count })
}
