//! Checks that a model file fits the implementation of its architecture.

use candle_core::quantized::gguf_file::Value;

use super::spec::{ArchitectureSpec, OUTER_TENSORS, SPECS};
use crate::embedded::error::{GET_OR_CONVERT_AGAIN, USE_ANOTHER_FILE};
use crate::embedded::model_file::ModelFile;
use crate::error::{Error, excerpt};

/// Maximum width of an attention head. Those of published models are narrower.
const MAX_HEAD_WIDTH: usize = 1024;

/// Returns the architecture of a file.
///
/// # Errors
///
/// The architecture is missing or not supported.
pub(super) fn find_spec(file: &ModelFile) -> Result<&'static ArchitectureSpec, Error> {
    let Some(name) = file.text("general.architecture") else {
        return Err(file.unusable(
            "its header does not name its architecture (`general.architecture`)",
            USE_ANOTHER_FILE,
        ));
    };
    SPECS.iter().find(|spec| spec.name == name).ok_or_else(|| {
        let problem = format!("its architecture `{}` is not supported", excerpt(name));
        let supported = SPECS.map(|spec| spec.name).join(", ");
        let help = format!(
            "Use a model with one of the architectures {supported}, or run this one on a server, as `ollama:NAME`."
        );
        file.unusable(&problem, &help)
    })
}

/// Checks the header and the names of the tensors. Returns the length of the context in tokens.
///
/// # Errors
///
/// The file has a setting or a tensor that the implementation does not support.
pub(super) fn check(file: &ModelFile, spec: &ArchitectureSpec) -> Result<usize, Error> {
    let unusable = |problem: &str| file.unusable(problem, USE_ANOTHER_FILE);
    let key = |name: &str| format!("{}.{name}", spec.name);
    let layers = required(file, &key("block_count"))?;
    check_heads(file, spec, layers)?;
    let context = required(file, &key("context_length"))?;
    if file
        .integer(&key("expert_count"))
        .is_some_and(|experts| experts > 0)
    {
        return Err(unusable(
            "it is a mixture of experts, which this engine does not support",
        ));
    }
    check_rope(file, spec)?;
    check_tensor_names(file, spec, layers)?;
    check_rows(file)?;
    let window = file.integer(&key("attention.sliding_window"));
    let window = window.filter(|_| spec.has_sliding_window);
    Ok(context
        .min(spec.max_positions)
        .min(window.unwrap_or(usize::MAX)))
}

fn required(file: &ModelFile, key: &str) -> Result<usize, Error> {
    let number = file.integer(key).filter(|number| *number > 0);
    number.ok_or_else(|| {
        let problem = format!("its header has no valid `{key}`; expected a positive integer");
        file.unusable(&problem, USE_ANOTHER_FILE)
    })
}

fn check_heads(file: &ModelFile, spec: &ArchitectureSpec, layers: usize) -> Result<(), Error> {
    let unusable = |problem: String| Err(file.unusable(&problem, USE_ANOTHER_FILE));
    let key = |name: &str| format!("{}.{name}", spec.name);
    let heads = required(file, &key("attention.head_count"))?;
    let kv_heads = required(file, &key("attention.head_count_kv"))?;
    let width = required(file, &key("embedding_length"))?;
    let tensors = file.content.tensor_infos.len();
    if layers > tensors || heads % kv_heads != 0 || heads > width {
        return unusable(format!(
            "its header is inconsistent: {layers} layers, {heads} heads, {kv_heads} key-value heads, an embedding length of {width}, and {tensors} tensors"
        ));
    }
    let head = match file.integer(&key("attention.key_length")) {
        Some(head) => head,
        None => width / heads,
    };
    let rotated = file.integer(&key("rope.dimension_count")).unwrap_or(head);
    if head == 0
        || head > MAX_HEAD_WIDTH
        || rotated == 0
        || rotated > head
        || !rotated.is_multiple_of(2)
    {
        return unusable(format!(
            "its heads have {head} dimensions, {rotated} of them with RoPE; expected at most {MAX_HEAD_WIDTH}, and an even number with RoPE"
        ));
    }
    if spec.derives_head_width && head * heads != width {
        return unusable(format!(
            "its heads have {head} dimensions, which this engine does not support for `{}` with {heads} heads and an embedding length of {width}",
            spec.name
        ));
    }
    if spec.rotates_whole_head && rotated != head {
        return unusable(format!(
            "it applies RoPE to {rotated} of {head} dimensions of a head; this engine supports only all of them for `{}`",
            spec.name
        ));
    }
    Ok(())
}

fn check_rope(file: &ModelFile, spec: &ArchitectureSpec) -> Result<(), Error> {
    let unusable = |problem: &str| Err(file.unusable(problem, USE_ANOTHER_FILE));
    let key = |name: &str| format!("{}.{name}", spec.name);
    let scaling = file.text(&key("rope.scaling.type"));
    let factor = file.number(&key("rope.scaling.factor"));
    let is_scaled = match (scaling, factor) {
        (Some("none"), _) | (None, None) => false,
        (_, Some(factor)) => (factor - 1.0).abs() > 1e-6,
        (Some(_), None) => true,
    };
    if is_scaled {
        return unusable("it uses RoPE scaling, which this engine does not support");
    }
    if let (Some(supported), Some(base)) = (spec.rope_base, file.number(&key("rope.freq_base")))
        && (base - supported).abs() > 1e-3
    {
        return unusable(&format!(
            "its RoPE base is {base}; this engine supports only {supported} for `{}`",
            spec.name
        ));
    }
    Ok(())
}

fn check_tensor_names(
    file: &ModelFile,
    spec: &ArchitectureSpec,
    layers: usize,
) -> Result<(), Error> {
    for name in file.content.tensor_infos.keys() {
        let is_in_layer = || {
            let (layer, rest) = name.strip_prefix("blk.")?.split_once('.')?;
            let layer: usize = layer.parse().ok()?;
            Some(layer < layers && spec.layer_tensors.contains(&rest))
        };
        if !OUTER_TENSORS.contains(&name.as_str()) && is_in_layer() != Some(true) {
            let problem = format!(
                "this engine does not support its tensor `{}`",
                excerpt(name)
            );
            return Err(file.unusable(&problem, USE_ANOTHER_FILE));
        }
    }
    Ok(())
}

/// Checks that each token of the vocabulary has a row in the embeddings and in the output. Further rows are padding.
fn check_rows(file: &ModelFile) -> Result<(), Error> {
    let tokens = file.list("tokenizer.ggml.tokens").map_or(0, <[Value]>::len);
    for name in ["token_embd.weight", "output.weight"] {
        let Some(tensor) = file.content.tensor_infos.get(name) else {
            continue;
        };
        let rows = tensor.shape.dims().first().copied().unwrap_or(0);
        if rows < tokens {
            let problem = format!(
                "its vocabulary has {tokens} tokens, but its tensor `{name}` has {rows} rows"
            );
            return Err(file.unusable(&problem, GET_OR_CONVERT_AGAIN));
        }
    }
    Ok(())
}
