//! Texts: sentences, words within a length, and strings of a format.

use super::pattern::{MAX_LENGTH, Pattern};
use super::random::Random;
use crate::schema::{StringRules, is_of_format};

/// Number of texts that are tried for the rules of a string.
const MAX_TRIES: u32 = 60;

const ADJECTIVES: [&str; 16] = [
    "amber", "brave", "calm", "clever", "early", "gentle", "green", "hidden", "little", "narrow",
    "old", "quiet", "silver", "small", "warm", "young",
];
const NOUNS: [&str; 24] = [
    "bridge", "cedar", "cloud", "field", "forest", "garden", "harbor", "island", "ladder",
    "lantern", "letter", "meadow", "morning", "mountain", "orchard", "otter", "paper", "river",
    "road", "sparrow", "stone", "tower", "valley", "window",
];
const VERBS: [&str; 12] = [
    "carries", "crosses", "finds", "follows", "guards", "keeps", "leaves", "meets", "passes",
    "reaches", "shows", "watches",
];

/// Generates one to three sentences.
pub(super) fn sentences(random: &mut Random) -> String {
    let sentence = |random: &mut Random| {
        let (adjective, other) = (random.word(&ADJECTIVES), random.word(&ADJECTIVES));
        let (subject, object) = (random.word(&NOUNS), random.word(&NOUNS));
        let verb = random.word(&VERBS);
        format!("The {adjective} {subject} {verb} the {other} {object}.")
    };
    let count = random.within(1, 3);
    let sentences: Vec<_> = (0..count).map(|_| sentence(random)).collect();
    sentences.join(" ")
}

/// Generates one word.
pub(super) fn word(random: &mut Random) -> &'static str {
    match random.one_in(3) {
        true => random.word(&ADJECTIVES),
        false => random.word(&NOUNS),
    }
}

/// The content of a string without a pattern and a format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum FreeText {
    /// A few words.
    Words,
    /// A string of a format, which the type may parse.
    Format(&'static str),
    /// Words, or a string of one of several formats.
    Mixed,
}

impl FreeText {
    /// Returns one of the variations: each of the formats, and mixtures in between.
    pub(super) fn variation(number: usize) -> Self {
        match VARIED_FORMATS.get(number / 2 % VARIED_FORMATS.len()) {
            Some(format) if number.is_multiple_of(2) => Self::Format(format),
            _ => Self::Mixed,
        }
    }
}

/// Generates a string that satisfies the rules of a schema.
///
/// # Errors
///
/// No string was found.
pub(super) fn text(
    rules: &StringRules,
    free: FreeText,
    random: &mut Random,
) -> Result<String, String> {
    let StringRules {
        min,
        max,
        pattern,
        format,
    } = rules;
    let length =
        |length: &Option<u64>| length.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    let (min, max) = (length(min).unwrap_or(0), length(max).unwrap_or(usize::MAX));
    if min > max || min > MAX_LENGTH {
        return Err(format!("no text was found with {}", describe(rules)));
    }
    let is_valid = |text: &str| {
        let has_format = format
            .as_ref()
            .and_then(|format| is_of_format(format, text));
        (min..=max).contains(&text.chars().count()) && has_format != Some(false)
    };
    let format = format.as_deref();
    let generated = match pattern {
        Some(pattern) => {
            let pattern = Pattern::parse(pattern)?;
            let of_format = |random: &mut Random| of_format(format?, min, random);
            (0..MAX_TRIES).find_map(|attempt| {
                let text = match attempt % 2 {
                    0 => pattern.generate(min, max, random),
                    _ => of_format(random).filter(|text| pattern.matches(text)),
                };
                text.filter(|text| is_valid(text))
            })
        }
        None => (0..MAX_TRIES).find_map(|attempt| {
            let format = format.or_else(|| match free {
                // The length may exclude the format.
                _ if attempt > 0 => None,
                FreeText::Words => None,
                FreeText::Format(format) => Some(format),
                FreeText::Mixed => random.one_in(2).then(|| random.word(&VARIED_FORMATS)),
            });
            let text = format.and_then(|format| of_format(format, min, random));
            let text = text.unwrap_or_else(|| words(min, max, random));
            Some(text).filter(|text| is_valid(text))
        }),
    };
    generated.ok_or_else(|| format!("no text was found with {}", describe(rules)))
}

/// Formats that the type of a string may have although its schema does not say so.
const VARIED_FORMATS: [&str; 8] = [
    "number",
    "letter",
    "uuid",
    "date",
    "date-time",
    "ip",
    "uri",
    "email",
];

/// Generates words with a number of characters in a range.
fn words(min: usize, max: usize, random: &mut Random) -> String {
    let wanted = match max {
        usize::MAX => min.max(1),
        max => random
            .within(min.max(1), max.min(min.saturating_add(30)))
            .min(max),
    };
    let count = random.within(1, 3);
    let mut text = String::new();
    for number in 0.. {
        if number >= count && text.len() >= wanted || text.len() > MAX_LENGTH {
            break;
        }
        if number > 0 {
            text.push(' ');
        }
        text.push_str(word(random));
    }
    if text.len() > max {
        text.truncate(wanted);
        if text.ends_with(' ') {
            text.pop();
            text.push('s');
        }
    }
    text
}

/// Generates a string of a format with at least `min` characters, if the format allows it; `None` for a format that is
/// not known.
fn of_format(format: &str, min: usize, random: &mut Random) -> Option<String> {
    let date = |random: &mut Random| {
        let (year, month) = (random.number(1970, 2037), random.number(1, 12));
        format!("{year:04}-{month:02}-{:02}", random.number(1, 28))
    };
    let time = |random: &mut Random| {
        let (hour, minute) = (random.number(0, 23), random.number(0, 59));
        format!("{hour:02}:{minute:02}:{:02}", random.number(0, 59))
    };
    let host = |random: &mut Random| format!("{}.example.com", word(random));
    let hex = |random: &mut Random, digits: usize| {
        let text = format!("{:032x}", random.below(u128::MAX));
        text[..digits].to_owned()
    };
    Some(match format {
        "date" => date(random),
        "time" => format!("{}Z", time(random)),
        "partial-time" => time(random),
        "date-time" => format!("{}T{}Z", date(random), time(random)),
        "zoned-date-time" => format!("{}T{}+00:00[UTC]", date(random), time(random)),
        "partial-date-time" => format!("{}T{}", date(random), time(random)),
        "duration" => {
            let (hours, minutes) = (random.number(0, 23), random.number(0, 59));
            format!("PT{hours}H{minutes}M{}S", random.number(0, 59))
        }
        "email" | "idn-email" => {
            let text = format!("{}@{}", word(random), host(random));
            padded_front(&text, min)
        }
        "hostname" | "idn-hostname" => padded_front(&host(random), min),
        "uri" | "url" | "iri" | "uri-reference" | "iri-reference" => {
            let text = format!("https://{}/{}", host(random), word(random));
            let missing = min.saturating_sub(text.len());
            text + &"s".repeat(missing)
        }
        "uuid" => {
            let parts = [8, 3, 3, 12].map(|digits| hex(random, digits));
            let [first, second, third, last] = parts;
            let variant = random.word(&["8", "9", "a", "b"]);
            // Version 4: random.
            format!(
                "{first}-{second}0-4{third}-{variant}{}-{last}",
                hex(random, 3)
            )
        }
        // Addresses that are reserved for documentation.
        "ip" | "ipv4" => format!("192.0.2.{}", random.number(1, 254)),
        "ipv6" => format!("2001:db8::{:x}", random.number(1, 0xffff)),
        // The names of number formats, and of a text that is a number.
        "number" | "int" | "uint" | "float" => random.number(0, 99).to_string(),
        "letter" => random.word(&["a", "b", "c", "x", "y", "z"]).to_owned(),
        _ => return None,
    })
}

/// Puts letters before a text that is too short.
fn padded_front(text: &str, min: usize) -> String {
    let missing = min.saturating_sub(text.len());
    "a".repeat(missing) + text
}

/// Describes the rules of a string, for an error.
fn describe(rules: &StringRules) -> String {
    let StringRules {
        min,
        max,
        pattern,
        format,
    } = rules;
    let parts = [
        min.map(|min| format!("at least {min} characters")),
        max.map(|max| format!("at most {max} characters")),
        pattern
            .as_ref()
            .map(|pattern| format!("the pattern `{pattern}`")),
        format
            .as_ref()
            .map(|format| format!("the format `{format}`")),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    match parts.is_empty() {
        true => "no rules".to_owned(),
        false => parts.join(" and "),
    }
}
