//! candle's implementations of the architectures.

use std::cell::RefCell;
use std::rc::Rc;

use candle_core::Tensor;
use candle_transformers::models::{
    quantized_gemma3, quantized_llama, quantized_phi3, quantized_qwen2, quantized_qwen3,
};

#[derive(Clone)]
pub(super) enum Weights {
    Llama(quantized_llama::ModelWeights),
    /// candle's type is not `Clone`: all clones share one state.
    Qwen2(Rc<RefCell<quantized_qwen2::ModelWeights>>),
    Qwen3(quantized_qwen3::ModelWeights),
    Gemma3(quantized_gemma3::ModelWeights),
    Phi3(quantized_phi3::ModelWeights),
}

impl Weights {
    /// Returns the logits after `tokens`, which follow the first `position` tokens.
    pub(super) fn forward(
        &mut self,
        tokens: &Tensor,
        position: usize,
    ) -> candle_core::Result<Tensor> {
        match self {
            Self::Llama(weights) => weights.forward(tokens, position),
            Self::Qwen2(weights) => weights.borrow_mut().forward(tokens, position),
            Self::Qwen3(weights) => weights.forward(tokens, position),
            Self::Gemma3(weights) => weights.forward(tokens, position),
            Self::Phi3(weights) => weights.forward(tokens, position),
        }
    }
}
