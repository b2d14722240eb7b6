//! Texts that match a pattern.

use std::collections::BTreeSet;

use regex_lite::Regex;

use crate::backend::fake::pattern::Pattern;
use crate::backend::fake::random::Random;

/// Generates texts for a pattern, each with an own seed.
fn texts(pattern: &str, (min, max): (usize, usize)) -> Vec<String> {
    let parsed = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{error}"));
    let texts = (0..60).filter_map(|seed| {
        let text = parsed.generate(min, max, &mut Random::new(seed));
        text.filter(|text| (min..=max).contains(&text.chars().count()))
    });
    texts.collect()
}

const ANY_LENGTH: (usize, usize) = (0, usize::MAX);

#[test]
fn texts_match_patterns_of_many_shapes() {
    for pattern in [
        "^#[0-9a-f]{6}$",
        "^[A-Z]{2,3}-[0-9]+$",
        "^(red|green|blue)$",
        "^(red|green|blue)(, (red|green|blue))*$",
        r"^\d{3}-\d{4}$",
        r"^\w+@\w+\.\w{2,4}$",
        r"^\S+ \S+$",
        r"^[^@\s]+@[^@\s]+$",
        "^[^a-zA-Z0-9]+$",
        r"^\+?[1-9]\d{1,14}$",
        "^a?b*c+d{2}e{1,}f{0,2}$",
        "^(a|bc|def){4}$",
        "^((a+)(b+)){1,3}$",
        "^(?i)yes|no$",
        "(?i)^hello$",
        r"^\$[0-9]{1,3}(,[0-9]{3})*\.[0-9]{2}$",
        r"^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$",
        r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$",
        "^[а-я]+$",
        "^[\u{4e00}-\u{9fff}]{2,4}$",
        "^.{5}$",
        ".*",
        "",
        "^$",
        "^ $",
        "^[ ]+$",
        r"^\t$",
        "^a|b$",
        "[0-9]",
        "end$",
        "^begin",
        r"\bword\b",
        r"^\w+\b,\b\w+$|^x$",
        "^(?:ab){2,}$",
        "^(?P<year>[0-9]{4})$",
        "^a*?b+?c??$",
        "^[a-c-]+$",
        r"^[\w.-]+$",
        r"^\/path\/[a-z]+$",
        "^x{64}$",
        "^(a{0,2}){0,2}$",
    ] {
        let regex = Regex::new(pattern).unwrap();
        let texts = texts(pattern, ANY_LENGTH);
        assert!(!texts.is_empty(), "{pattern}");
        for text in &texts {
            assert!(regex.is_match(text), "{pattern}: {text:?}");
        }
    }
}

#[test]
fn texts_have_the_length() {
    for (pattern, length) in [
        ("^[a-z]+$", (30, 40)),
        ("^[a-z]*$", (1, 1)),
        ("^[a-z]+$", (500, 500)),
        ("^(ab)+$", (3, 4)),
        ("^(ab|c)+$", (10, 10)),
        ("^(a{1,3}-){2,5}b*$", (12, 15)),
        ("^(x|yy|zzz)$", (2, 2)),
        ("^[0-9]{2,9}$", (0, 2)),
        ("^(a*|b{5})c$", (6, 6)),
        ("[A-Z]{3}", (10, 12)),
        ("^[A-Z]{3}", (10, 12)),
        ("[A-Z]{3}$", (10, 12)),
        ("^[^a]é+$", (4, 5)),
    ] {
        let regex = Regex::new(pattern).unwrap();
        let texts = texts(pattern, length);
        assert!(texts.len() > 5, "{pattern} {length:?}: {texts:?}");
        for text in &texts {
            assert!(regex.is_match(text), "{pattern}: {text:?}");
        }
    }
    for (pattern, length) in [
        ("^[a-z]{3}$", (4, 9)),
        ("^abc", (0, 2)),
        ("^(ab)*$", (3, 3)),
    ] {
        assert!(texts(pattern, length).is_empty(), "{pattern}");
    }
}

#[test]
fn characters_are_printable_where_possible() {
    for pattern in [
        r"^\w{9}$",
        "^.{9}$",
        r"^\S{9}$",
        "^[^x]{9}$",
        r"^[\x00-\x7f]{9}$",
    ] {
        for text in texts(pattern, ANY_LENGTH) {
            assert!(
                text.chars().all(|c| c.is_ascii_graphic()),
                "{pattern}: {text:?}"
            );
        }
    }
    let texts = texts("^(red|green|blue)$", ANY_LENGTH);
    let different: BTreeSet<_> = texts.iter().map(String::as_str).collect();
    assert_eq!(different, BTreeSet::from(["red", "green", "blue"]));
}

#[test]
fn patterns_that_cannot_be_met_are_errors() {
    let check = |pattern: &str, expected: &str| {
        let error = Pattern::parse(pattern).err().unwrap();
        assert!(error.starts_with(expected), "{error}");
    };
    check(
        "^(?=a)b$",
        "the pattern `^(?=a)b$` is not supported: look-around",
    );
    check(
        r"^(a)\1$",
        r"the pattern `^(a)\1$` is not supported: backreferences",
    );
    check("^[a-$", "the pattern `^[a-$` is not supported: ");
    check(r"^[^\s\S]$", r"no text matches the pattern `^[^\s\S]$`");
    check("^(a{1000}){1000}$", "no text matches the pattern ");
    // An assertion that no text satisfies is found by the check of each text.
    assert!(texts(r"^a\bb$", ANY_LENGTH).is_empty());
    assert!(texts("a$b", ANY_LENGTH).is_empty());
}
