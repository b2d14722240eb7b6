//! Pseudo-random choices that depend on the seed alone (splitmix64).

/// A sequence of numbers that follows from its seed.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

/// The increment of splitmix64: 2^64 divided by the golden ratio.
const INCREMENT: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Begins the sequence for a seed and texts. The texts are hashed by FNV-1a.
    pub(super) fn for_texts(seed: u64, texts: &[&[u8]]) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed;
        for text in texts {
            // The separator tells `ab`, `c` from `a`, `bc`. Neither UTF-8 nor JSON has this byte.
            for byte in text.iter().chain(&[0xff]) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        Self(hash)
    }

    /// Returns the next number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(INCREMENT);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `count`; 0 if `count` is 0.
    pub(super) fn below(&mut self, count: u128) -> u128 {
        let wide = (u128::from(self.next()) << 64) | u128::from(self.next());
        wide.checked_rem(count).unwrap_or(0)
    }

    /// Returns a number from `min` to `max`, both included; `min` if `max` is smaller.
    pub(super) fn within(&mut self, min: usize, max: usize) -> usize {
        let count = u64::try_from(max.saturating_sub(min)).unwrap_or(u64::MAX);
        let offset = self.below(u128::from(count) + 1);
        min.saturating_add(usize::try_from(offset).unwrap_or(0))
    }

    /// Returns a number from `min` to `max`, both included, for numbers of a text.
    pub(super) fn number(&mut self, min: u32, max: u32) -> u32 {
        let span = u128::from(max.saturating_sub(min)) + 1;
        min.saturating_add(u32::try_from(self.below(span)).unwrap_or(0))
    }

    /// Returns `true` once in `count` times on average.
    pub(super) fn one_in(&mut self, count: u128) -> bool {
        self.below(count) == 0
    }

    /// Returns a number from 0 to 1, without 1.
    #[allow(clippy::cast_precision_loss, reason = "the number has 53 bits")]
    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns one of several items; `None` if there are none.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.within(0, items.len().saturating_sub(1)))
    }

    /// Returns one of several words; an empty one if there are none.
    pub(super) fn word(&mut self, words: &[&'static str]) -> &'static str {
        self.pick(words).copied().unwrap_or_default()
    }
}
