//! Cache of processed prompt prefixes. A prompt that begins with a cached prefix is processed from its end on.

use super::architecture::Network;

/// Maximum number of cached prefixes. A call stores up to three, and a few commands may alternate. Together they
/// hold the keys and values of at most one context.
const MAX_PREFIXES: usize = 12;
/// Minimum number of tokens that a prefix must be longer than the one before it to be worth its memory.
const MIN_GAIN: usize = 8;

/// A network that has processed some tokens.
pub(super) struct CachedPrefix {
    pub(super) network: Network,
    pub(super) tokens: Vec<u32>,
}

impl CachedPrefix {
    /// Processes further tokens and returns the logits of the next one.
    pub(super) fn forward(&mut self, tokens: &[u32]) -> candle_core::Result<Vec<f32>> {
        let logits = self.network.forward(tokens, self.tokens.len());
        self.tokens.extend_from_slice(tokens);
        logits
    }

    /// Copies the prefix, so that one copy can be cached and the other continued. Requires a network with
    /// independent clones.
    fn fork(&self) -> Self {
        Self {
            network: self.network.clone(),
            tokens: self.tokens.clone(),
        }
    }
}

/// Prefixes in the order of their last use, the most recent one at the end.
#[derive(Default)]
pub(super) struct PrefixCache {
    prefixes: Vec<CachedPrefix>,
    last_prompt: Vec<u32>,
}

impl PrefixCache {
    /// Returns the longest cached prefix of a prompt, or an empty prefix with a clone of `network`.
    pub(super) fn start(&mut self, prompt: &[u32], network: &Network) -> CachedPrefix {
        let is_usable = |prefix: &CachedPrefix| {
            let remaining = prompt.len().saturating_sub(prefix.tokens.len());
            // Processing token by token is slower, so it only pays off if few tokens remain.
            let is_faster = !prefix.network.is_token_by_token() || remaining * 4 <= prompt.len();
            // At least one token must remain, because its logits are not cached.
            remaining > 0 && is_faster && prompt.starts_with(&prefix.tokens)
        };
        let longest = self
            .prefixes
            .iter()
            .enumerate()
            .filter(|(_, prefix)| is_usable(prefix));
        let longest = longest.max_by_key(|(_, prefix)| prefix.tokens.len());
        match longest.map(|(at, _)| at) {
            Some(at) if !network.has_independent_clones() => self.prefixes.remove(at),
            Some(at) => {
                let used = self.prefixes.remove(at);
                let prefix = used.fork();
                self.prefixes.push(used);
                prefix
            }
            None => {
                // The new prefix overwrites the state that it shares with the cached ones.
                if !network.has_independent_clones() {
                    self.prefixes.clear();
                }
                CachedPrefix {
                    network: network.clone(),
                    tokens: Vec::new(),
                }
            }
        }
    }

    /// Returns how many tokens a prompt has in common with the last one.
    pub(super) fn common_with_last(&self, prompt: &[u32]) -> usize {
        common_prefix_len(prompt, &self.last_prompt)
    }

    /// Returns `true` if a prefix of `len` tokens is worth caching after one of `previous_len` tokens.
    pub(super) fn is_worth_caching(previous_len: usize, len: usize) -> bool {
        len >= previous_len + MIN_GAIN
    }

    /// Caches a copy of a prefix that will be continued.
    pub(super) fn insert_copy(&mut self, prefix: &CachedPrefix) {
        if prefix.network.has_independent_clones() {
            self.insert(prefix.fork());
        }
    }

    /// Caches a prompt with its answer.
    pub(super) fn insert_finished(&mut self, prefix: CachedPrefix, prompt: Vec<u32>) {
        // It replaces the previous answer if it continues it: a conversation has one entry.
        self.prefixes.retain(|cached| {
            !is_answer_of(cached, &self.last_prompt) || !prefix.tokens.starts_with(&cached.tokens)
        });
        self.last_prompt = prompt;
        self.insert(prefix);
    }

    #[cfg(test)]
    pub(super) fn last_tokens(&self) -> &[u32] {
        &self.prefixes.last().unwrap().tokens
    }

    fn insert(&mut self, prefix: CachedPrefix) {
        self.prefixes
            .retain(|cached| cached.tokens != prefix.tokens);
        let max_tokens = prefix.network.context;
        let count_tokens = |prefixes: &[CachedPrefix]| {
            let lengths = prefixes.iter().map(|prefix| prefix.tokens.len());
            lengths.sum::<usize>()
        };
        while self.prefixes.len() == MAX_PREFIXES
            || (!self.prefixes.is_empty()
                && count_tokens(&self.prefixes) + prefix.tokens.len() > max_tokens)
        {
            self.prefixes.remove(0);
        }
        self.prefixes.push(prefix);
    }
}

/// Returns `true` if a prefix consists of a prompt and its answer.
fn is_answer_of(prefix: &CachedPrefix, prompt: &[u32]) -> bool {
    !prompt.is_empty() && prefix.tokens.len() > prompt.len() && prefix.tokens.starts_with(prompt)
}

/// Returns the length of the common prefix of two prompts, which is at least one token shorter than `prompt`.
pub(super) fn common_prefix_len(prompt: &[u32], other: &[u32]) -> usize {
    let common = prompt
        .iter()
        .zip(other)
        .take_while(|(one, other)| one == other);
    common.count().min(prompt.len().saturating_sub(1))
}
