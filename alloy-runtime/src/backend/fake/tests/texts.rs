//! Texts with a length, a format, or both.

use crate::backend::fake::random::Random;
use crate::backend::fake::text::{self, FreeText};
use crate::schema::{StringRules, is_of_format};

/// Generates texts for rules, each with an own seed.
fn texts(rules: &StringRules, free: FreeText) -> Result<Vec<String>, String> {
    (0..100)
        .map(|seed| text::text(rules, free, &mut Random::new(seed)))
        .collect()
}

fn of_format(format: &str) -> StringRules {
    StringRules {
        format: Some(format.to_owned()),
        ..StringRules::default()
    }
}

#[test]
fn texts_have_the_length_of_their_rules() {
    for (min, max) in [
        (None, None),
        (Some(1), Some(1)),
        (Some(0), Some(0)),
        (None, Some(3)),
        (Some(3), Some(8)),
        (Some(200), None),
        (Some(200), Some(200)),
        (Some(0), Some(100_000)),
    ] {
        let rules = StringRules {
            min,
            max,
            ..StringRules::default()
        };
        for text in texts(&rules, FreeText::Words).unwrap() {
            let length = text.chars().count() as u64;
            assert!(
                min.unwrap_or(0) <= length && length <= max.unwrap_or(u64::MAX),
                "{text:?}"
            );
            assert_eq!(text, text.trim(), "{text:?}");
            assert_eq!(text.is_empty(), max == Some(0), "{text:?}");
        }
    }
    for (min, max) in [(Some(5), Some(4)), (Some(1_000_000), None)] {
        let rules = StringRules {
            min,
            max,
            ..StringRules::default()
        };
        assert!(texts(&rules, FreeText::Words).is_err());
    }
}

#[test]
fn texts_have_the_format_of_their_rules() {
    for format in [
        "date",
        "time",
        "partial-time",
        "date-time",
        "partial-date-time",
        "duration",
        "email",
        "idn-email",
        "hostname",
        "idn-hostname",
        "uri",
        "url",
        "iri",
        "uuid",
        "ip",
        "ipv4",
        "ipv6",
    ] {
        for text in texts(&of_format(format), FreeText::Words).unwrap() {
            assert_eq!(is_of_format(format, &text), Some(true), "{format}: {text}");
        }
    }
    // A format that is not known is not checked either.
    assert!(texts(&of_format("color"), FreeText::Words).is_ok());
}

#[test]
fn formats_are_combined_with_lengths_and_patterns() {
    for (format, min, max) in [
        ("email", Some(40), Some(60)),
        ("email", None, Some(22)),
        ("uri", Some(80), None),
        ("hostname", Some(30), None),
        ("date", Some(10), Some(10)),
    ] {
        let rules = StringRules {
            min,
            max,
            ..of_format(format)
        };
        texts(&rules, FreeText::Words).unwrap_or_else(|error| panic!("{error}"));
    }
    let with_pattern = |format: &str, pattern: &str| StringRules {
        pattern: Some(pattern.to_owned()),
        ..of_format(format)
    };
    for text in texts(&with_pattern("uri", "^https://"), FreeText::Words).unwrap() {
        assert!(text.starts_with("https://"));
    }
    for text in texts(
        &with_pattern("date", "^20[0-3][0-9]-0[1-9]-[01][0-9]$"),
        FreeText::Words,
    )
    .unwrap()
    {
        assert_eq!(is_of_format("date", &text), Some(true), "{text}");
    }
    let error = texts(&with_pattern("date", "^[a-z]+$"), FreeText::Words).unwrap_err();
    assert_eq!(
        error,
        "no text was found with the pattern `^[a-z]+$` and the format `date`"
    );
}

#[test]
fn varied_texts_have_many_formats() {
    let found = texts(&StringRules::default(), FreeText::Mixed).unwrap();
    assert!(found.iter().any(|text| text.parse::<u8>().is_ok()));
    assert!(found.iter().any(|text| text.chars().count() == 1));
    for format in ["uuid", "date", "date-time", "ip", "uri", "email"] {
        let has_format = |text: &String| is_of_format(format, text) == Some(true);
        assert!(found.iter().any(has_format), "{format}");
        let all = texts(&StringRules::default(), FreeText::Format(format)).unwrap();
        assert!(all.iter().all(has_format), "{format}");
    }
    let variations: Vec<_> = (0..16).map(FreeText::variation).collect();
    assert!(variations.contains(&FreeText::Format("number")));
    assert!(variations.contains(&FreeText::Format("email")));
    // A format that the length excludes is not used.
    let letter = StringRules {
        max: Some(1),
        ..StringRules::default()
    };
    let letters = texts(&letter, FreeText::Format("uuid")).unwrap();
    assert!(letters.iter().all(|text| text.len() == 1));
}
