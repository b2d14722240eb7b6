//! Damaged and malicious files: each one fails to load or answers badly, and none causes a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::super::engine::STACK_SIZE;
use super::super::generator::AnswerFailure;
use super::super::gguf::{self, HeaderError};
use super::super::model::Model;
use super::super::request::EngineRequest;
use super::{IgnoreText, small_model, temporary_path};
use crate::error::ErrorKind;

/// Loads a file and generates a few tokens. Returns the message of an error.
fn try_file(path: &Path) -> Result<(), String> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut model = Model::load(path).map_err(|error| {
            assert_eq!(error.kind(), ErrorKind::ModelLoad);
            error.to_string()
        })?;
        let body = json!({
            "messages": [{"role": "user", "content": "Say hello"}],
            "options": {"temperature": 0, "num_predict": 2},
        });
        let request = EngineRequest::from_body(body.to_string().as_bytes()).unwrap();
        match model.answer(&request, &IgnoreText, Duration::ZERO) {
            Ok(_) => Ok(()),
            Err(AnswerFailure::Error(error)) => Err(error.to_string()),
            Err(AnswerFailure::Cancelled) => panic!("the listener was never gone"),
        }
    }));
    result.unwrap_or_else(|_| panic!("the engine panicked"))
}

/// Returns the length of the header of a valid file.
fn header_length(whole: &[u8]) -> usize {
    // Binary search for the shortest prefix that is not truncated.
    let (mut short, mut long) = (4, whole.len());
    while short + 1 < long {
        let middle = usize::midpoint(short, long);
        match gguf::check(&whole[..middle]) {
            Ok(()) => long = middle,
            Err(_) => short = middle,
        }
    }
    long
}

#[test]
fn a_truncated_file_is_an_error() {
    let whole = std::fs::read(small_model()).unwrap();
    let end = header_length(&whole);
    assert!((10_000..500_000).contains(&end), "{end}");
    let path = temporary_path("cut.gguf");
    let lengths = (0..end)
        .step_by(997)
        .chain((end..whole.len()).step_by(400_009));
    for length in lengths.chain([3, 4, 8, 16, 24, end - 1, end, whole.len() - 1]) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = try_file(&path).unwrap_err();
        assert!(error.contains("cannot be run"), "{length}: {error}");
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_changed_byte_causes_no_panic() {
    let whole = std::fs::read(small_model()).unwrap();
    let end = header_length(&whole);
    let path = temporary_path("flipped.gguf");
    let mut random: u64 = 11;
    let mut next = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % below
    };
    for round in 0..150 {
        let mut bytes = whole.clone();
        // Mostly at both ends of the header, which contain the names, counts and sizes.
        let at = match round % 3 {
            0 => next(600),
            1 => end - 1 - next(3000),
            _ => next(end),
        };
        bytes[at] = u8::try_from(next(256)).unwrap();
        std::fs::write(&path, &bytes).unwrap();
        drop(try_file(&path));
    }
    std::fs::remove_file(path).unwrap();
}

/// Builds a header that ends with the bytes `rest`.
fn header(version: u32, tensors: u64, entries: u64, rest: &[u8]) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend(tensors.to_le_bytes());
    bytes.extend(entries.to_le_bytes());
    bytes.extend(rest);
    bytes
}

fn string(text: &[u8]) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    bytes
}

#[test]
fn a_header_that_is_not_valid_is_rejected() {
    let entry = |name: &str, value_type: u32, value: &[u8]| {
        [
            &string(name.as_bytes()),
            &value_type.to_le_bytes()[..],
            value,
        ]
        .concat()
    };
    let list = |item_type: u32, length: u64| {
        [&item_type.to_le_bytes()[..], &length.to_le_bytes()].concat()
    };
    let nested: Vec<u8> = (0..20).flat_map(|_| list(9, 1)).collect();
    let cases = [
        (header(9, 0, 0, &[]), "has version 9"),
        (
            header(3, u64::MAX, 0, &[]),
            "claims 18446744073709551615 tensors",
        ),
        (
            header(3, 0, u64::MAX, &[]),
            "and 18446744073709551615 metadata entries",
        ),
        (
            header(3, 0, 1, &u64::MAX.to_le_bytes()),
            "ends before the data that it announces",
        ),
        (
            header(3, 0, 1, &entry("a", 9, &list(0, u64::MAX))),
            "claims 18446744073709551615 array values",
        ),
        (header(3, 0, 1, &entry("a", 9, &list(8, 5))), "ends before"),
        (header(3, 0, 1, &entry("a", 9, &nested)), "nests arrays"),
        (header(3, 0, 1, &entry("a", 99, &[])), "a value of type 99"),
        (
            header(3, 0, 1, &entry("a", 8, &string(&[0xFF, 0xFE]))),
            "a string that is not valid UTF-8",
        ),
        (
            header(3, 0, 1, &entry("general.alignment", 4, &[0; 4])),
            "an invalid `general.alignment`",
        ),
        (
            header(
                3,
                1,
                0,
                &[&string(b"a")[..], &99_u32.to_le_bytes()].concat(),
            ),
            "a tensor of 99 dimensions",
        ),
    ];
    for (bytes, expected) in cases {
        let HeaderError::Damaged(error) = gguf::check(&bytes).unwrap_err() else {
            panic!("{expected}");
        };
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(gguf::check(&header(3, 0, 0, &[])), Ok(()));
}

/// Returns the small model with another template, padded to the same length.
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
fn a_template_that_loops_or_fails_is_stopped() {
    let path = temporary_path("template.gguf");
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{{ c }}{% endfor %}{% endfor %}{% endfor %}";
    let long = "{% set x %}{% for a in range(9999) %}0123456789{% endfor %}{% endset %}{% for a in range(9999) %}{{ x }}{% endfor %}";
    let nested = "{%- set ns = namespace(x=[]) %}{% for a in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}x";
    let deep = format!("{}x{}", "{% if 1 %}".repeat(60), "{% endif %}".repeat(60));
    for (template, expected) in [
        (
            endless,
            "its chat template does not finish within 1000000 steps",
        ),
        (
            long,
            "its chat template is not run further: it needs more than 64 MiB of memory",
        ),
        (
            "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
            "rejects the conversation",
        ),
        (
            "{{ raise_exception('No system messages!') }}",
            "No system messages!",
        ),
        (
            "{{ messages[0].nothing.at_all }}",
            "rejects the conversation",
        ),
        (
            "{#- nothing -#}",
            "its chat template renders an empty prompt",
        ),
        ("{% if %}", "its chat template is not valid"),
        (
            "{{ messages | nothing }}",
            "its chat template uses something that this engine does not have: filter nothing is unknown",
        ),
        (
            "{{ strftime_now('%Q') }}",
            "something that this engine does not have: `strftime_now` with the code `%Q`, in line 1",
        ),
        (
            "{{ messages[0].content.encode() }}",
            "something that this engine does not have: string has no method named encode",
        ),
        (
            "{% set x = messages[0].content * 9 %}",
            "something that this engine does not have: `*` with a string",
        ),
        (
            "{{ messages[0].parts.strip() }}",
            "rejects the conversation: a missing value has no method `strip`",
        ),
        ("It is {{ strftime_now('%d %B %Y') }}.", ""),
        (deep.as_str(), ""),
        (nested, ""),
    ] {
        std::fs::write(&path, with_template(template)).unwrap();
        let file = path.clone();
        let prompt = move || {
            let body = json!({"messages": [{"role": "user", "content": "Say hello"}]});
            let request = EngineRequest::from_body(body.to_string().as_bytes()).unwrap();
            Model::load(&file)?.prompt(&request).map(drop)
        };
        // On a thread with the stack size of an engine.
        let thread = std::thread::Builder::new().stack_size(STACK_SIZE);
        let outcome = thread.spawn(prompt).unwrap().join().unwrap();
        if expected.is_empty() {
            outcome.unwrap();
        } else {
            let error = outcome.unwrap_err();
            let is_about_file = error.kind() == ErrorKind::ModelLoad;
            let error = error.to_string();
            assert!(error.contains(expected), "{error}");
            assert_eq!(is_about_file, error.contains("cannot be run"), "{error}");
        }
    }
    std::fs::remove_file(path).unwrap();
}
