//! The supported architectures: which tensors each one reads, its limits, and its forward pass.
//!
//! candle's implementations read the tensors and settings that they know and ignore all others. A model whose bias
//! or `RoPE` scaling is ignored still answers, but wrongly. A file with a tensor or a setting that the implementation
//! does not read is therefore rejected.

mod check;
mod spec;
mod weights;

use candle_core::quantized::gguf_file::Value;
use candle_core::{Device, Tensor};

use self::spec::{ArchitectureSpec, BatchRule};
use self::weights::Weights;
use super::error::{USE_ANOTHER_FILE, first_line, unusable};
use super::model_file::ModelFile;
use crate::error::Error;

/// Maximum number of prompt tokens in one forward pass.
const MAX_BATCH: usize = 128;
/// Size of the smaller batches of [`BatchRule::Aligned`].
const SMALL_BATCH: usize = 16;

/// A network: its weights, and the keys and values of the tokens it was given. Clones share the weights; see
/// [`has_independent_clones`](Self::has_independent_clones) for the rest.
#[derive(Clone)]
pub(super) struct Network {
    weights: Weights,
    spec: &'static ArchitectureSpec,
    /// Maximum number of tokens in its context.
    pub(super) context: usize,
    /// `true` once a token was given alone.
    has_decoded: bool,
}

/// A supported architecture and context length, found by [`Network::check`].
#[derive(Clone, Copy)]
pub(super) struct NetworkPlan {
    spec: &'static ArchitectureSpec,
    /// In tokens.
    context: usize,
}

impl Network {
    /// Checks that a file can be run, without reading its weights.
    ///
    /// # Errors
    ///
    /// The architecture is not supported, or the file does not have the form that the architecture requires.
    pub(super) fn check(file: &ModelFile) -> Result<NetworkPlan, Error> {
        let spec = check::find_spec(file)?;
        let context = check::check(file, spec)?;
        Ok(NetworkPlan { spec, context })
    }

    /// Loads the weights of a file that was checked. The file is consumed: read everything else from its header
    /// before.
    ///
    /// # Errors
    ///
    /// The weights do not have the form that the architecture requires.
    pub(super) fn load(mut file: ModelFile, plan: NetworkPlan) -> Result<Self, Error> {
        let NetworkPlan { spec, context } = plan;
        // candle allocates a table with this many positions.
        let context_key = format!("{}.context_length", spec.name);
        let value = u32::try_from(context).unwrap_or(u32::MAX);
        file.content.metadata.insert(context_key, Value::U32(value));
        // Without this entry candle uses half precision, in which distant positions become equal.
        file.content
            .metadata
            .insert("general.dtype".to_owned(), Value::U32(0));
        let ModelFile {
            path,
            content,
            mut reader,
        } = file;
        let weights = (spec.load)(content, &mut reader, &Device::Cpu);
        Ok(Self {
            weights: weights
                .map_err(|error| unusable(&path, &first_line(&error), USE_ANOTHER_FILE))?,
            spec,
            context,
            has_decoded: false,
        })
    }

    /// Returns how many of the next `remaining` prompt tokens to pass to [`forward`](Self::forward) after the first
    /// `position`. Between two batches the engine notices that a command was dropped.
    pub(super) fn batch_size(&self, position: usize, remaining: usize) -> usize {
        let size = match self.spec.batch_rule {
            _ if position > 0 && self.is_token_by_token() => 1,
            BatchRule::FirstOnly => remaining,
            BatchRule::UntilDecoding | BatchRule::Any => MAX_BATCH,
            // candle keeps a mask for each pair of length and position for ever, so there are only few.
            BatchRule::Aligned => {
                let sizes = [MAX_BATCH, SMALL_BATCH].into_iter();
                let mut fitting =
                    sizes.filter(|size| position.is_multiple_of(*size) && *size <= remaining);
                fitting.next().unwrap_or(1)
            }
        };
        size.min(remaining)
    }

    /// Returns the logits of the token that follows `tokens`, which follow the first `position` tokens. A prompt is
    /// passed in batches of [`batch_size`](Self::batch_size).
    pub(super) fn forward(
        &mut self,
        tokens: &[u32],
        position: usize,
    ) -> candle_core::Result<Vec<f32>> {
        self.has_decoded |= tokens.len() == 1;
        let input = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?;
        let logits = self.weights.forward(&input, position)?;
        logits.flatten_all()?.to_vec1::<f32>()
    }

    /// Returns `true` if each clone has its own keys and values.
    pub(super) fn has_independent_clones(&self) -> bool {
        self.spec.has_independent_clones
    }

    /// Returns `true` if the context is limited to the sliding window.
    pub(super) fn has_sliding_window(&self) -> bool {
        self.spec.has_sliding_window
    }

    /// Returns `true` if further tokens must be passed one by one.
    pub(super) fn is_token_by_token(&self) -> bool {
        match self.spec.batch_rule {
            BatchRule::Any | BatchRule::Aligned => false,
            BatchRule::UntilDecoding => self.has_decoded,
            BatchRule::FirstOnly => true,
        }
    }
}

/// Returns the names of the tensors in each layer of an architecture.
#[cfg(test)]
pub(super) fn layer_tensors(architecture: &str) -> &'static [&'static str] {
    let mut specs = spec::SPECS.iter();
    let spec = specs.find(|spec| spec.name == architecture);
    spec.unwrap().layer_tensors
}
