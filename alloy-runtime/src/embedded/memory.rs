//! What a network remembers of earlier prompts: a prompt that begins like one of them is not read anew.

use super::network::Network;

/// How many beginnings are remembered: a call leaves up to three, and a few commands take turns. Each holds the keys
/// and values of its tokens: together they have no more of them than one context.
const MOST_KEPT: usize = 12;
/// A beginning that is longer by fewer tokens than this is not worth its memory.
const LEAST: usize = 8;

/// A network that has read some tokens.
pub(super) struct Reading {
    pub(super) network: Network,
    pub(super) tokens: Vec<u32>,
}

impl Reading {
    /// The same, to be kept while this one goes on.
    fn copy(&self) -> Self {
        Self {
            network: self.network.clone(),
            tokens: self.tokens.clone(),
        }
    }
}

/// Beginnings, the one that was used last at the end.
#[derive(Default)]
pub(super) struct Memory {
    kept: Vec<Reading>,
    /// The last prompt.
    last: Vec<u32>,
}

impl Memory {
    /// A reading to begin a prompt with: the longest that is remembered of it, or `fresh`.
    pub(super) fn begin(&mut self, prompt: &[u32], fresh: &Network) -> Reading {
        // One token is always read: what comes next is only told then.
        let fits = |reading: &Reading| {
            let rest = prompt.len().saturating_sub(reading.tokens.len());
            // What takes the rest token by token is the slower way where there is much of it.
            let is_quicker = !reading.network.steps() || rest * 4 <= prompt.len();
            rest > 0 && is_quicker && prompt.starts_with(&reading.tokens)
        };
        let longest = self
            .kept
            .iter()
            .enumerate()
            .filter(|(_, reading)| fits(reading));
        let longest = longest.max_by_key(|(_, reading)| reading.tokens.len());
        match longest.map(|(at, _)| at) {
            Some(at) if !fresh.forks() => self.kept.remove(at),
            Some(at) => {
                let used = self.kept.remove(at);
                let reading = used.copy();
                self.kept.push(used);
                reading
            }
            None => {
                if !fresh.forks() {
                    self.kept.clear();
                }
                Reading {
                    network: fresh.clone(),
                    tokens: Vec::new(),
                }
            }
        }
    }

    /// Where in a prompt to stop and remember: where it parts from the last one.
    pub(super) fn parting(&self, prompt: &[u32]) -> usize {
        parting(prompt, &self.last)
    }

    /// Whether a beginning is to be remembered that is so much longer than the one before it.
    pub(super) fn is_worth_it(from: usize, to: usize) -> bool {
        to >= from + LEAST
    }

    /// Remembers a reading that goes on.
    pub(super) fn keep(&mut self, reading: &Reading) {
        if reading.network.forks() {
            self.put(reading.copy());
        }
    }

    /// Remembers a reading that has come to its end, and the prompt that it was of.
    pub(super) fn put_last(&mut self, reading: Reading, prompt: Vec<u32>) {
        // What continues it takes its place: of a long talk there is one reading.
        self.kept.retain(|kept| {
            !is_end_of(kept, &self.last) || !reading.tokens.starts_with(&kept.tokens)
        });
        self.last = prompt;
        self.put(reading);
    }

    #[cfg(test)]
    pub(super) fn last_tokens(&self) -> &[u32] {
        &self.kept.last().unwrap().tokens
    }

    fn put(&mut self, reading: Reading) {
        self.kept.retain(|kept| kept.tokens != reading.tokens);
        let most = reading.network.context;
        let tokens = |kept: &[Reading]| kept.iter().map(|kept| kept.tokens.len()).sum::<usize>();
        while self.kept.len() == MOST_KEPT
            || (!self.kept.is_empty() && tokens(&self.kept) + reading.tokens.len() > most)
        {
            self.kept.remove(0);
        }
        self.kept.push(reading);
    }
}

/// Whether a reading is that of a prompt and its answer.
fn is_end_of(reading: &Reading, prompt: &[u32]) -> bool {
    !prompt.is_empty() && reading.tokens.len() > prompt.len() && reading.tokens.starts_with(prompt)
}

/// How many tokens two prompts begin with alike; one less than either has.
pub(super) fn parting(one: &[u32], other: &[u32]) -> usize {
    let same = one
        .iter()
        .zip(other)
        .take_while(|(one, other)| one == other);
    same.count().min(one.len().saturating_sub(1))
}
