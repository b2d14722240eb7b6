//! Sampling of the next token.

use std::hash::{BuildHasher as _, RandomState};

use candle_core::{Device, Tensor};
use candle_transformers::generation::{LogitsProcessor, Sampling};

use super::model_file::ModelFile;
use super::request::SamplingOptions;

/// Sampling options for everything that a request does not set: those of the model file, or else Ollama's defaults.
#[derive(Clone, Copy, Debug)]
pub(super) struct SamplingDefaults {
    temperature: f64,
    top_k: usize,
    top_p: f64,
    min_p: f64,
    repeat_penalty: f32,
}

impl SamplingDefaults {
    pub(super) fn from_file(file: &ModelFile) -> Self {
        let number = |name: &str| file.number(&format!("general.sampling.{name}"));
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a penalty is a small number"
        )]
        let penalty = number("penalty_repeat").map(|penalty| penalty as f32);
        Self {
            temperature: number("temp").unwrap_or(0.8),
            top_k: file.integer("general.sampling.top_k").unwrap_or(40),
            top_p: number("top_p").unwrap_or(0.9),
            min_p: number("min_p").unwrap_or(0.0),
            repeat_penalty: penalty.unwrap_or(1.0),
        }
    }
}

/// Samples tokens from logits.
pub(super) struct Sampler {
    /// `None` for greedy decoding.
    processor: Option<LogitsProcessor>,
    min_p: f32,
    repeat_penalty: f32,
    presence_penalty: f32,
    frequency_penalty: f32,
    /// Number of last tokens that the penalties apply to.
    penalty_window: usize,
}

impl Sampler {
    pub(super) fn new(options: &SamplingOptions, defaults: SamplingDefaults) -> Self {
        let temperature = options.temperature.unwrap_or(defaults.temperature);
        let top_k = match options.top_k {
            Some(top_k) => usize::try_from(top_k).unwrap_or(0),
            None => defaults.top_k,
        };
        let p = options.top_p.unwrap_or(defaults.top_p);
        let has_top_p = p > 0.0 && p < 1.0;
        let sampling = match (top_k, has_top_p) {
            (0, false) => Sampling::All { temperature },
            (0, true) => Sampling::TopP { p, temperature },
            (k, false) => Sampling::TopK { k, temperature },
            (k, true) => Sampling::TopKThenTopP { k, p, temperature },
        };
        let seed = match options.seed {
            Some(seed) if seed >= 0 => seed.unsigned_abs(),
            _ => RandomState::new().hash_one(0),
        };
        #[allow(clippy::cast_possible_truncation, reason = "a probability")]
        let min_p = options.min_p.unwrap_or(defaults.min_p) as f32;
        Self {
            processor: (temperature > 1e-7 && top_k != 1)
                .then(|| LogitsProcessor::from_sampling(seed, sampling)),
            min_p,
            repeat_penalty: options.repeat_penalty.unwrap_or(defaults.repeat_penalty),
            presence_penalty: options.presence_penalty.unwrap_or(0.0),
            frequency_penalty: options.frequency_penalty.unwrap_or(0.0),
            penalty_window: match options.repeat_last_n {
                Some(last) => usize::try_from(last).unwrap_or(usize::MAX),
                None => 64,
            },
        }
    }

    /// Samples the token that follows `previous`. Tokens with a logit of minus infinity are never sampled.
    ///
    /// # Errors
    ///
    /// No logit is a number, which means that the weights are damaged.
    pub(super) fn sample(
        &mut self,
        mut logits: Vec<f32>,
        previous: &[u32],
    ) -> candle_core::Result<u32> {
        self.apply_penalties(&mut logits, previous);
        let likeliest = argmax(&logits).ok_or_else(|| {
            candle_core::Error::Msg("its weights produce no valid numbers".to_owned())
        })?;
        let Some(processor) = &mut self.processor else {
            return Ok(likeliest);
        };
        let length = logits.len();
        let logits = Tensor::from_vec(logits, length, &Device::Cpu)?;
        let min_p = self.min_p;
        processor.sample_f(&logits, |probabilities| {
            if min_p > 0.0 {
                let highest = probabilities.get(likeliest as usize).copied();
                let threshold = highest.unwrap_or(0.0) * min_p;
                for probability in probabilities.iter_mut().filter(|p| **p < threshold) {
                    *probability = 0.0;
                }
            }
        })
    }

    fn apply_penalties(&self, logits: &mut [f32], previous: &[u32]) {
        let has_no_penalty = (self.repeat_penalty - 1.0).abs() < f32::EPSILON
            && self.presence_penalty == 0.0
            && self.frequency_penalty == 0.0;
        if has_no_penalty {
            return;
        }
        let mut window = previous[previous.len().saturating_sub(self.penalty_window)..].to_vec();
        window.sort_unstable();
        for equal in window.chunk_by(|one, other| one == other) {
            let Some(logit) = logits.get_mut(equal[0] as usize) else {
                continue;
            };
            match *logit >= 0.0 {
                true => *logit /= self.repeat_penalty,
                false => *logit *= self.repeat_penalty,
            }
            #[allow(clippy::cast_precision_loss, reason = "a few dozen")]
            let count = equal.len() as f32;
            *logit -= self.presence_penalty + count * self.frequency_penalty;
        }
    }
}

/// Returns the first token with the highest logit; `None` if no logit is a number.
fn argmax(logits: &[f32]) -> Option<u32> {
    let mut best: Option<(u32, f32)> = None;
    for (id, logit) in (0_u32..).zip(logits) {
        let is_higher = best.is_none_or(|(_, highest)| *logit > highest);
        if is_higher && *logit > f32::NEG_INFINITY {
            best = Some((id, *logit));
        }
    }
    best.map(|(id, _)| id)
}
