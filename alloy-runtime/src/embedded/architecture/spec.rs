//! The table of supported architectures: what candle's implementation of each one reads and assumes.

use std::cell::RefCell;
use std::fs::File;
use std::io::BufReader;
use std::rc::Rc;

use candle_core::Device;
use candle_core::quantized::gguf_file::Content;
use candle_transformers::models::{
    quantized_gemma3, quantized_llama, quantized_phi3, quantized_qwen2, quantized_qwen3,
};

use super::weights::Weights;

/// Maximum context length in tokens, whatever a file allows, because candle allocates tables for all positions at
/// once.
const MAX_CONTEXT: usize = 32_768;

/// Facts about candle's implementation of an architecture.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "a table of facts, each by its name"
)]
pub(super) struct ArchitectureSpec {
    /// Value of `general.architecture`.
    pub(super) name: &'static str,
    /// Names of the tensors in each layer, without the prefix `blk.N.`.
    pub(super) layer_tensors: &'static [&'static str],
    /// Maximum number of positions that the implementation supports.
    pub(super) max_positions: usize,
    pub(super) batch_rule: BatchRule,
    /// `true` if each clone has its own keys and values and costs no more memory than those.
    pub(super) has_independent_clones: bool,
    /// `true` if the implementation computes the width of a head as the embedding length divided by the number of
    /// heads.
    pub(super) derives_head_width: bool,
    /// `true` if the implementation applies `RoPE` to all dimensions of a head.
    pub(super) rotates_whole_head: bool,
    /// The base of `RoPE`, if the implementation supports only one.
    pub(super) rope_base: Option<f64>,
    /// `true` if a token attends only to the nearest ones. candle does not implement that, so the context is limited
    /// to the window.
    pub(super) has_sliding_window: bool,
    pub(super) load: fn(Content, &mut BufReader<File>, &Device) -> candle_core::Result<Weights>,
}

/// When several tokens can be passed in one forward pass after others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum BatchRule {
    Any,
    /// Until a token was passed alone, because such tokens go into another cache.
    UntilDecoding,
    /// In the first pass only, because a later mask would hide all earlier tokens.
    FirstOnly,
    /// In batches of few sizes, each at a multiple of its size.
    Aligned,
}

/// Names of the tensors outside the layers.
pub(super) const OUTER_TENSORS: [&str; 3] =
    ["token_embd.weight", "output_norm.weight", "output.weight"];

pub(super) const SPECS: [ArchitectureSpec; 5] = [
    ArchitectureSpec {
        name: "llama",
        layer_tensors: &[
            "attn_norm.weight",
            "attn_q.weight",
            "attn_k.weight",
            "attn_v.weight",
            "attn_output.weight",
            "ffn_norm.weight",
            "ffn_gate.weight",
            "ffn_up.weight",
            "ffn_down.weight",
        ],
        max_positions: quantized_llama::MAX_SEQ_LEN,
        batch_rule: BatchRule::Any,
        has_independent_clones: true,
        derives_head_width: true,
        rotates_whole_head: true,
        rope_base: None,
        has_sliding_window: false,
        load: |content, reader, device| {
            let weights = quantized_llama::ModelWeights::from_gguf(content, reader, device);
            weights.map(Weights::Llama)
        },
    },
    ArchitectureSpec {
        name: "qwen2",
        layer_tensors: &[
            "attn_norm.weight",
            "attn_q.weight",
            "attn_q.bias",
            "attn_k.weight",
            "attn_k.bias",
            "attn_v.weight",
            "attn_v.bias",
            "attn_output.weight",
            "ffn_norm.weight",
            "ffn_gate.weight",
            "ffn_up.weight",
            "ffn_down.weight",
        ],
        // The memory of its masks grows with the square of the positions.
        max_positions: 8192,
        batch_rule: BatchRule::Aligned,
        has_independent_clones: false,
        derives_head_width: true,
        rotates_whole_head: false,
        rope_base: None,
        has_sliding_window: false,
        load: |content, reader, device| {
            let weights = quantized_qwen2::ModelWeights::from_gguf(content, reader, device);
            weights.map(|weights| Weights::Qwen2(Rc::new(RefCell::new(weights))))
        },
    },
    ArchitectureSpec {
        name: "qwen3",
        layer_tensors: &[
            "attn_norm.weight",
            "attn_q.weight",
            "attn_q_norm.weight",
            "attn_k.weight",
            "attn_k_norm.weight",
            "attn_v.weight",
            "attn_output.weight",
            "ffn_norm.weight",
            "ffn_gate.weight",
            "ffn_up.weight",
            "ffn_down.weight",
        ],
        max_positions: MAX_CONTEXT,
        batch_rule: BatchRule::UntilDecoding,
        // A clone allocates the memory of thousands of positions at once.
        has_independent_clones: false,
        derives_head_width: false,
        rotates_whole_head: false,
        rope_base: None,
        has_sliding_window: false,
        load: |content, reader, device| {
            let weights = quantized_qwen3::ModelWeights::from_gguf(content, reader, device);
            weights.map(Weights::Qwen3)
        },
    },
    ArchitectureSpec {
        name: "gemma3",
        layer_tensors: &[
            "attn_norm.weight",
            "attn_q.weight",
            "attn_q_norm.weight",
            "attn_k.weight",
            "attn_k_norm.weight",
            "attn_v.weight",
            "attn_output.weight",
            "post_attention_norm.weight",
            "ffn_norm.weight",
            "ffn_gate.weight",
            "ffn_up.weight",
            "ffn_down.weight",
            "post_ffw_norm.weight",
        ],
        max_positions: MAX_CONTEXT,
        batch_rule: BatchRule::FirstOnly,
        has_independent_clones: true,
        derives_head_width: false,
        rotates_whole_head: false,
        rope_base: None,
        has_sliding_window: true,
        load: |content, reader, device| {
            let weights = quantized_gemma3::ModelWeights::from_gguf(content, reader, device);
            weights.map(Weights::Gemma3)
        },
    },
    ArchitectureSpec {
        name: "phi3",
        layer_tensors: &[
            "attn_norm.weight",
            "attn_qkv.weight",
            "attn_output.weight",
            "ffn_norm.weight",
            "ffn_up.weight",
            "ffn_down.weight",
        ],
        max_positions: MAX_CONTEXT,
        batch_rule: BatchRule::Any,
        // Clones write into one shared cache.
        has_independent_clones: false,
        derives_head_width: true,
        rotates_whole_head: false,
        rope_base: Some(10_000.0),
        has_sliding_window: false,
        load: |content, reader, device| {
            let weights = quantized_phi3::ModelWeights::from_gguf(false, content, reader, device);
            weights.map(Weights::Phi3)
        },
    },
];
