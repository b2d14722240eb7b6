//! Which token comes next, of all that may.

use std::hash::{BuildHasher as _, RandomState};

use candle_core::{Device, Tensor};
use candle_transformers::generation::{LogitsProcessor, Sampling};

use super::file::{ModelFile, count};
use super::order::Wanted;

/// What a file asks for where a request does not say; else Ollama's defaults.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults {
    temperature: f64,
    top_k: usize,
    top_p: f64,
    min_p: f64,
    repeat_penalty: f32,
}

impl Defaults {
    pub(super) fn of(file: &ModelFile) -> Self {
        let number = |name: &str| file.number(&format!("general.sampling.{name}"));
        let top_k = file
            .content
            .metadata
            .get("general.sampling.top_k")
            .and_then(count);
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a penalty is a small number"
        )]
        let penalty = number("penalty_repeat").map(|penalty| penalty as f32);
        Self {
            temperature: number("temp").unwrap_or(0.8),
            top_k: top_k.unwrap_or(40),
            top_p: number("top_p").unwrap_or(0.9),
            min_p: number("min_p").unwrap_or(0.0),
            repeat_penalty: penalty.unwrap_or(1.0),
        }
    }
}

/// Chooses tokens.
pub(super) struct Chooser {
    /// `None` where always the likeliest is taken.
    drawn: Option<LogitsProcessor>,
    min_p: f32,
    repeat_penalty: f32,
    presence_penalty: f32,
    frequency_penalty: f32,
    /// How many of the last tokens the penalties look at.
    window: usize,
}

impl Chooser {
    pub(super) fn new(wanted: &Wanted, defaults: Defaults) -> Self {
        let temperature = wanted.temperature.unwrap_or(defaults.temperature);
        let top_k = match wanted.top_k {
            Some(top_k) => usize::try_from(top_k).unwrap_or(0),
            None => defaults.top_k,
        };
        let p = wanted.top_p.unwrap_or(defaults.top_p);
        let has_top_p = p > 0.0 && p < 1.0;
        let sampling = match (top_k, has_top_p) {
            (0, false) => Sampling::All { temperature },
            (0, true) => Sampling::TopP { p, temperature },
            (k, false) => Sampling::TopK { k, temperature },
            (k, true) => Sampling::TopKThenTopP { k, p, temperature },
        };
        let seed = match wanted.seed {
            Some(seed) if seed >= 0 => seed.unsigned_abs(),
            _ => RandomState::new().hash_one(0),
        };
        #[allow(clippy::cast_possible_truncation, reason = "a share of one")]
        let min_p = wanted.min_p.unwrap_or(defaults.min_p) as f32;
        Self {
            drawn: (temperature > 1e-7 && top_k != 1)
                .then(|| LogitsProcessor::from_sampling(seed, sampling)),
            min_p,
            repeat_penalty: wanted.repeat_penalty.unwrap_or(defaults.repeat_penalty),
            presence_penalty: wanted.presence_penalty.unwrap_or(0.0),
            frequency_penalty: wanted.frequency_penalty.unwrap_or(0.0),
            window: match wanted.repeat_last_n {
                Some(last) => usize::try_from(last).unwrap_or(usize::MAX),
                None => 64,
            },
        }
    }

    /// The next token, after `said`; those that may not come have a logit of minus infinity.
    ///
    /// # Errors
    ///
    /// The logits are no numbers: the weights are damaged.
    pub(super) fn choose(
        &mut self,
        mut logits: Vec<f32>,
        said: &[u32],
    ) -> candle_core::Result<u32> {
        self.punish(&mut logits, said);
        let likeliest = likeliest(&logits)
            .ok_or_else(|| candle_core::Error::Msg("its weights give no numbers".to_owned()))?;
        let Some(drawn) = &mut self.drawn else {
            return Ok(likeliest);
        };
        let length = logits.len();
        let logits = Tensor::from_vec(logits, length, &Device::Cpu)?;
        let min_p = self.min_p;
        drawn.sample_f(&logits, |shares| {
            if min_p > 0.0 {
                let least = shares.get(likeliest as usize).copied().unwrap_or(0.0) * min_p;
                for share in shares.iter_mut().filter(|share| **share < least) {
                    *share = 0.0;
                }
            }
        })
    }

    fn punish(&self, logits: &mut [f32], said: &[u32]) {
        let unpunished = (self.repeat_penalty - 1.0).abs() < f32::EPSILON
            && self.presence_penalty == 0.0
            && self.frequency_penalty == 0.0;
        if unpunished {
            return;
        }
        let mut last = said[said.len().saturating_sub(self.window)..].to_vec();
        last.sort_unstable();
        for same in last.chunk_by(|one, other| one == other) {
            let Some(logit) = logits.get_mut(same[0] as usize) else {
                continue;
            };
            match *logit >= 0.0 {
                true => *logit /= self.repeat_penalty,
                false => *logit *= self.repeat_penalty,
            }
            #[allow(clippy::cast_precision_loss, reason = "a few dozen")]
            let times = same.len() as f32;
            *logit -= self.presence_penalty + times * self.frequency_penalty;
        }
    }
}

/// The first of the largest; `None` where none is a number.
fn likeliest(logits: &[f32]) -> Option<u32> {
    let mut best: Option<(u32, f32)> = None;
    for (id, logit) in (0_u32..).zip(logits) {
        let better = best.is_none_or(|(_, most)| *logit > most);
        if better && *logit > f32::NEG_INFINITY {
            best = Some((id, *logit));
        }
    }
    best.map(|(id, _)| id)
}
