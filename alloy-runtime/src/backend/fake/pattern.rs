//! Writes texts that match a regular expression.
//!
//! The expression is parsed by `regex-syntax`, and a text is written along its parts. Each text has a target length,
//! which the parts share. The result is checked with the regular expression itself, because assertions such as `\b` are
//! not followed.

use regex_lite::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use super::random::Random;
use crate::error::excerpt;

/// Maximum length in characters of a text.
pub(super) const MAX_LENGTH: usize = 100_000;
/// Maximum length in bytes of a compiled pattern, as the reader of answers has it.
const MAX_COMPILED: usize = 64 * 1024;
/// Number of characters that a text may have beyond its shortest form.
const MAX_EXTRA: usize = 8;
/// Number of characters that are tried for a class without printable ASCII.
const MAX_TRIES: u32 = 16;

/// A regular expression that texts are written for.
pub(super) struct Pattern {
    hir: Hir,
    lengths: Lengths,
    /// The compiled expression; `None` if it cannot be compiled. The reader does not check such a pattern either.
    regex: Option<Regex>,
}

/// Minimum and maximum number of characters of the texts that an expression matches. Without a maximum, there is no
/// limit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Lengths {
    min: usize,
    max: Option<usize>,
}

impl Pattern {
    /// Parses an expression.
    ///
    /// # Errors
    ///
    /// It cannot be parsed, or matches no text.
    pub(super) fn parse(pattern: &str) -> Result<Self, String> {
        let shown = excerpt(pattern);
        let hir = regex_syntax::parse(pattern).map_err(|error| {
            // The other lines of the message repeat the pattern.
            let message = error.to_string();
            let reason = message.lines().last().unwrap_or_default();
            let reason = reason.strip_prefix("error: ").unwrap_or(reason);
            format!("the pattern `{shown}` is not supported: {reason}")
        })?;
        let lengths = lengths(&hir).filter(|lengths| lengths.min <= MAX_LENGTH);
        let lengths = lengths.ok_or_else(|| format!("no text matches the pattern `{shown}`"))?;
        let regex = RegexBuilder::new(pattern).size_limit(MAX_COMPILED).build();
        Ok(Self {
            hir,
            lengths,
            regex: regex.ok(),
        })
    }

    /// Returns `true` if a text matches, as far as that can be checked.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.as_ref().is_none_or(|regex| regex.is_match(text))
    }

    /// Writes a text that matches and has from `min` to `max` characters. `None` if this attempt failed.
    pub(super) fn generate(&self, min: usize, max: usize, random: &mut Random) -> Option<String> {
        let longest = self.lengths.max.unwrap_or(usize::MAX).min(MAX_LENGTH);
        let shortest = self.lengths.min.max(min.min(longest));
        let extra = shortest.saturating_add(MAX_EXTRA);
        let target = random.within(shortest.max(1), extra.min(longest).min(max));
        let mut text = String::new();
        write(&self.hir, target, random, &mut text);
        // An expression without an anchor matches a part of the text.
        let missing = min.saturating_sub(text.chars().count());
        let looks = self.hir.properties().look_set();
        if missing > 0 && !looks.contains(Look::End) {
            text.push_str(&"x".repeat(missing));
        } else if missing > 0 && !looks.contains(Look::Start) {
            text.insert_str(0, &"x".repeat(missing));
        }
        Some(text).filter(|text| self.matches(text))
    }
}

/// Returns the lengths of the texts that an expression matches; `None` if it matches none.
fn lengths(hir: &Hir) -> Option<Lengths> {
    let exactly = |count| Lengths {
        min: count,
        max: Some(count),
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(exactly(0)),
        HirKind::Literal(literal) => {
            Some(exactly(String::from_utf8_lossy(&literal.0).chars().count()))
        }
        HirKind::Class(class) => (!is_empty(class)).then(|| exactly(1)),
        HirKind::Capture(capture) => lengths(&capture.sub),
        HirKind::Repetition(repetition) => match lengths(&repetition.sub) {
            Some(one) => Some(repeated(one, repetition)),
            None => (repetition.min == 0).then(|| exactly(0)),
        },
        HirKind::Concat(parts) => parts.iter().try_fold(exactly(0), |sum, part| {
            let part = lengths(part)?;
            Some(Lengths {
                min: sum.min.saturating_add(part.min),
                max: sum
                    .max
                    .zip(part.max)
                    .map(|(sum, part)| sum.saturating_add(part)),
            })
        }),
        HirKind::Alternation(parts) => {
            let parts = parts.iter().filter_map(lengths);
            parts.reduce(|any, part| Lengths {
                min: any.min.min(part.min),
                max: any.max.zip(part.max).map(|(any, part)| any.max(part)),
            })
        }
    }
}

/// Returns the lengths of a repetition of texts with these lengths.
fn repeated(one: Lengths, repetition: &Repetition) -> Lengths {
    let (fewest, most) = counts(repetition);
    Lengths {
        min: one.min.saturating_mul(fewest),
        max: match (one.max, repetition.max) {
            (Some(0), _) | (None, Some(0)) => Some(0),
            (Some(max), Some(_)) => Some(max.saturating_mul(most)),
            (None, _) | (_, None) => None,
        },
    }
}

/// Returns the minimum and maximum count of a repetition.
fn counts(repetition: &Repetition) -> (usize, usize) {
    let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    (
        count(repetition.min),
        repetition.max.map_or(usize::MAX, count),
    )
}

/// Appends a text that an expression matches, with `target` characters if it has one.
fn write(hir: &Hir, target: usize, random: &mut Random, out: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => out.extend(character(class, random)),
        HirKind::Capture(capture) => write(&capture.sub, target, random, out),
        HirKind::Concat(parts) => {
            let all: Vec<_> = parts.iter().filter_map(lengths).collect();
            for (part, share) in parts.iter().zip(shares(&all, target, random)) {
                write(part, share, random, out);
            }
        }
        HirKind::Alternation(parts) => {
            let possible = parts.iter().filter_map(|part| Some((part, lengths(part)?)));
            let possible: Vec<_> = possible.collect();
            let fits = |lengths: &Lengths| {
                lengths.min <= target && lengths.max.is_none_or(|max| target <= max)
            };
            let fitting = possible.iter().filter(|(_, lengths)| fits(lengths));
            let fitting: Vec<_> = fitting.copied().collect();
            let chosen = random.pick(&fitting).or_else(|| {
                let (_, shortest) = possible.iter().min_by_key(|(_, lengths)| lengths.min)?;
                let short = possible
                    .iter()
                    .filter(|(_, lengths)| lengths.min == shortest.min);
                random.pick(&short.collect::<Vec<_>>()).copied()
            });
            if let Some((part, lengths)) = chosen {
                let most = lengths.max.unwrap_or(usize::MAX).max(lengths.min);
                write(part, target.clamp(lengths.min, most), random, out);
            }
        }
        HirKind::Repetition(repetition) => {
            if let Some(one) = lengths(&repetition.sub) {
                let count = repetition_count(one, repetition, target, random);
                for share in shares(&vec![one; count], target, random) {
                    write(&repetition.sub, share, random, out);
                }
            }
        }
    }
}

/// Chooses the count of a repetition, so that the texts can have `target` characters together.
fn repetition_count(
    one: Lengths,
    repetition: &Repetition,
    target: usize,
    random: &mut Random,
) -> usize {
    let (fewest, most) = counts(repetition);
    let fewest_that_fit = match one.max {
        Some(0) => 0,
        Some(max) => target.div_ceil(max),
        None => usize::from(target > 0),
    };
    let most_that_fit = target.checked_div(one.min).unwrap_or(target);
    let fewest = fewest_that_fit.clamp(fewest, most);
    random
        .within(fewest, most_that_fit.clamp(fewest, most))
        .min(MAX_LENGTH)
}

/// Shares `target` characters between parts with these lengths.
fn shares(parts: &[Lengths], target: usize, random: &mut Random) -> Vec<usize> {
    let capacity = |part: &Lengths| {
        let max = part.max.unwrap_or(usize::MAX);
        max.saturating_sub(part.min)
    };
    let min = parts
        .iter()
        .fold(0_usize, |sum, part| sum.saturating_add(part.min));
    let mut left = target.saturating_sub(min);
    // The capacity of the parts after each part.
    let mut after = vec![0_usize; parts.len()];
    let mut sum = 0_usize;
    for (after, part) in after.iter_mut().zip(parts).rev() {
        *after = sum;
        sum = sum.saturating_add(capacity(part));
    }
    let shares = parts.iter().zip(after).map(|(part, after)| {
        let most = capacity(part).min(left);
        let share = random.within(left.saturating_sub(after).min(most), most);
        left -= share;
        part.min + share
    });
    shares.collect()
}

fn is_empty(class: &Class) -> bool {
    match class {
        Class::Unicode(class) => class.ranges().is_empty(),
        Class::Bytes(class) => class.ranges().is_empty(),
    }
}

/// Chooses a character of a class: a letter or a digit if there is one, else another printable ASCII character, else any.
fn character(class: &Class, random: &mut Random) -> Option<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => {
            let ranges = class.ranges().iter();
            ranges.map(|range| (range.start(), range.end())).collect()
        }
        Class::Bytes(class) => {
            let ranges = class.ranges().iter();
            ranges
                .map(|range| (char::from(range.start()), char::from(range.end())))
                .collect()
        }
    };
    let printable = ranges
        .iter()
        .flat_map(|(start, end)| *start.max(&'!')..=*end.min(&'~'));
    let printable: Vec<char> = printable.collect();
    let simple = printable
        .iter()
        .copied()
        .filter(char::is_ascii_alphanumeric);
    let simple: Vec<char> = simple.collect();
    let preferred = match random.one_in(8) {
        true => &printable,
        false => &simple,
    };
    if let Some(found) = random.pick(preferred).or_else(|| random.pick(&printable)) {
        return Some(*found);
    }
    if ranges
        .iter()
        .any(|(start, end)| (*start..=*end).contains(&' '))
    {
        return Some(' ');
    }
    let any = |random: &mut Random| {
        let (start, end) = random.pick(&ranges)?;
        // A number between two surrogates is not a character.
        char::from_u32(random.number(u32::from(*start), u32::from(*end)))
    };
    let mut tried = (0..MAX_TRIES).filter_map(|_| any(random));
    let shown = tried.find(|found| !found.is_control());
    shown.or_else(|| ranges.first().map(|(start, _)| *start))
}
