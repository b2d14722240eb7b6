//! Files that lie: each is an error, or a model that answers badly. None is a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::super::STACK;
use super::super::header::{self, Wrong};
use super::super::model::{Failure, Model};
use super::super::order::Order;
use super::{Nobody, small_model, temporary};
use crate::error::ErrorKind;

/// Loads a file and asks it for a few tokens; what it says where that fails.
fn tried(path: &Path) -> Result<(), String> {
    let tried = catch_unwind(AssertUnwindSafe(|| {
        let mut model = Model::load(path).map_err(|error| {
            assert_eq!(error.kind(), ErrorKind::ModelLoad);
            error.to_string()
        })?;
        let body = json!({
            "messages": [{"role": "user", "content": "Say hello"}],
            "options": {"temperature": 0, "num_predict": 2},
        });
        let order = Order::of(body.to_string().as_bytes()).unwrap();
        match model.answer(&order, &Nobody, Duration::ZERO) {
            Ok(_) => Ok(()),
            Err(Failure::Told(error)) => Err(error.to_string()),
            Err(Failure::Gone) => panic!("nobody is gone"),
        }
    }));
    tried.unwrap_or_else(|_| panic!("a panic"))
}

/// How long the header of the small model is.
fn header_length(whole: &[u8]) -> usize {
    // Half, and half of what is left: what is too short is cut.
    let (mut short, mut long) = (4, whole.len());
    while short + 1 < long {
        let middle = usize::midpoint(short, long);
        match header::check(&whole[..middle]) {
            Ok(()) => long = middle,
            Err(_) => short = middle,
        }
    }
    long
}

#[test]
fn a_file_that_was_cut_anywhere_is_an_error() {
    let whole = std::fs::read(small_model()).unwrap();
    let end = header_length(&whole);
    assert!((10_000..500_000).contains(&end), "{end}");
    let path = temporary("cut.gguf");
    let lengths = (0..end)
        .step_by(997)
        .chain((end..whole.len()).step_by(400_009));
    for length in lengths.chain([3, 4, 8, 16, 24, end - 1, end, whole.len() - 1]) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = tried(&path).unwrap_err();
        assert!(error.contains("cannot be run"), "{length}: {error}");
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_file_with_a_wrong_byte_is_no_panic() {
    let whole = std::fs::read(small_model()).unwrap();
    let end = header_length(&whole);
    let path = temporary("flipped.gguf");
    let mut chance: u64 = 11;
    let mut next = |below: usize| {
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(chance >> 33).unwrap() % below
    };
    for round in 0..150 {
        let mut bytes = whole.clone();
        // Numbers first: names, counts and sizes stand at both ends of the header.
        let at = match round % 3 {
            0 => next(600),
            1 => end - 1 - next(3000),
            _ => next(end),
        };
        bytes[at] = u8::try_from(next(256)).unwrap();
        std::fs::write(&path, &bytes).unwrap();
        drop(tried(&path));
    }
    std::fs::remove_file(path).unwrap();
}

/// A header that begins like one, with these bytes behind.
fn gguf(version: u32, tensors: u64, entries: u64, rest: &[u8]) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend(tensors.to_le_bytes());
    bytes.extend(entries.to_le_bytes());
    bytes.extend(rest);
    bytes
}

fn text(text: &[u8]) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    bytes
}

#[test]
fn a_header_that_claims_too_much_is_not_believed() {
    let entry = |name: &str, kind: u32, value: &[u8]| {
        [&text(name.as_bytes()), &kind.to_le_bytes()[..], value].concat()
    };
    let list = |kind: u32, length: u64| [&kind.to_le_bytes()[..], &length.to_le_bytes()].concat();
    let nested: Vec<u8> = (0..20).flat_map(|_| list(9, 1)).collect();
    let cases = [
        (gguf(9, 0, 0, &[]), "is of version 9"),
        (
            gguf(3, u64::MAX, 0, &[]),
            "claims 18446744073709551615 tensors",
        ),
        (gguf(3, 0, u64::MAX, &[]), "and 18446744073709551615 names"),
        (
            gguf(3, 0, 1, &u64::MAX.to_le_bytes()),
            "ends within what it says it has",
        ),
        (
            gguf(3, 0, 1, &entry("a", 9, &list(0, u64::MAX))),
            "claims 18446744073709551615 values",
        ),
        (gguf(3, 0, 1, &entry("a", 9, &list(8, 5))), "ends within"),
        (gguf(3, 0, 1, &entry("a", 9, &nested)), "claims"),
        (
            gguf(3, 0, 1, &entry("a", 99, &[])),
            "a value of the kind 99",
        ),
        (
            gguf(3, 0, 1, &entry("a", 8, &text(&[0xFF, 0xFE]))),
            "a text that is no UTF-8",
        ),
        (
            gguf(3, 0, 1, &entry("general.alignment", 4, &[0; 4])),
            "an alignment that cannot be",
        ),
        (
            gguf(3, 1, 0, &[&text(b"a")[..], &99_u32.to_le_bytes()].concat()),
            "a tensor of 99 dimensions",
        ),
    ];
    for (bytes, expected) in cases {
        let Wrong::Damaged(error) = header::check(&bytes).unwrap_err() else {
            panic!("{expected}");
        };
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(header::check(&gguf(3, 0, 0, &[])), Ok(()));
}

/// The small model with another template of the same length.
fn with_template(template: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(small_model()).unwrap();
    let key = b"tokenizer.chat_template";
    let at = bytes
        .windows(key.len())
        .position(|window| window == key)
        .unwrap()
        + key.len()
        + 4;
    let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let length = usize::try_from(length).unwrap();
    assert!(template.len() < length);
    let padded = format!("{template:<length$}");
    bytes[at + 8..at + 8 + length].copy_from_slice(padded.as_bytes());
    bytes
}

#[test]
fn a_template_that_loops_or_fails_comes_to_an_end() {
    let path = temporary("template.gguf");
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{{ c }}{% endfor %}{% endfor %}{% endfor %}";
    let long = "{% set x = 'x' * 1000000 %}{% for a in range(9999) %}{{ x }}{% endfor %}";
    let nested = "{%- set ns = namespace(x=[]) %}{% for a in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}x";
    let deep = format!("{}x{}", "{% if 1 %}".repeat(60), "{% endif %}".repeat(60));
    for (template, expected) in [
        (endless, "its chat template does not come to an end"),
        (long, "its chat template writes more than 64 MiB"),
        (
            "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
            "does not take the conversation",
        ),
        (
            "{{ raise_exception('No system messages!') }}",
            "No system messages!",
        ),
        (
            "{{ messages[0].nothing.at_all }}",
            "does not take the conversation",
        ),
        ("{#- nothing -#}", "its chat template gives no text"),
        ("{% if %}", "its chat template cannot be read"),
        ("{{ messages | nothing }}", "nothing"),
        (deep.as_str(), ""),
        (nested, ""),
    ] {
        std::fs::write(&path, with_template(template)).unwrap();
        let tried = path.clone();
        let prompt = move || {
            let body = json!({"messages": [{"role": "user", "content": "Say hello"}]});
            let order = Order::of(body.to_string().as_bytes()).unwrap();
            Model::load(&tried)?.prompt(&order).map(drop)
        };
        // On a thread as the engine has it.
        let thread = std::thread::Builder::new().stack_size(STACK);
        let outcome = thread.spawn(prompt).unwrap().join().unwrap();
        if expected.is_empty() {
            outcome.unwrap();
        } else {
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
    std::fs::remove_file(path).unwrap();
}
