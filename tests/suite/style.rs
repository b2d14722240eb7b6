//! The house rules that a test can hold: names are unique, files are short, and comments are in plain language.

use std::collections::BTreeMap;

use crate::sources::{files_below, root, sources};

/// Type names that several files may each have for themselves.
const PRIVATE_NAMES: &[&str] = &["State", "Inner", "Error", "Kind", "Event"];

#[test]
fn type_names_are_unique_in_a_crate() {
    for krate in ["alloy-runtime", "alloy-macros"] {
        let mut known = BTreeMap::new();
        for source in sources(krate) {
            if source.path.ends_with("disabled.rs") {
                continue;
            }
            for (name, is_private) in source.code().filter_map(declared_type) {
                if is_private && PRIVATE_NAMES.contains(&name) {
                    continue;
                }
                let name = name.to_owned();
                if let Some(other) = known.insert(name.clone(), source.path.clone()) {
                    assert_eq!(other, source.path, "two types are named `{name}`");
                }
            }
        }
        assert!(known.len() > 20, "{krate} has types");
    }
}

/// Returns the name of the type that a line declares, and `true` if it is private to its file.
fn declared_type(line: &str) -> Option<(&str, bool)> {
    // Types inside of a function are indented.
    let is_private = !line.starts_with("pub");
    let rest = match line.strip_prefix("pub(") {
        Some(rest) => rest.split_once(") ")?.1,
        None => line.strip_prefix("pub ").unwrap_or(line),
    };
    let rest = ["struct ", "enum ", "trait "]
        .iter()
        .find_map(|keyword| rest.strip_prefix(keyword))?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    Some((&rest[..end.unwrap_or(rest.len())], is_private))
}

/// The longest file without a reason.
const MAX_LINES: usize = 400;

#[test]
fn long_files_state_a_reason() {
    for krate in ["alloy-runtime", "alloy-macros"] {
        for path in files_below(&root().join(krate).join("src")) {
            let text = std::fs::read_to_string(&path).unwrap();
            let lines = text.lines().count();
            let mut docs = text.lines().filter(|line| line.starts_with("//!"));
            let has_reason = docs.any(|line| line.contains("longer than 400 lines"));
            assert!(
                lines <= MAX_LINES || has_reason,
                "{} has {lines} lines: split it by subject, or say in its module docs why it is longer than 400 lines",
                path.display()
            );
        }
    }
}

/// Beginnings of a summary that neither name nor do anything.
const SUMMARIES: &[&str] = &["What ", "The same", "How ", "Whether ", "Where ", "Of "];

/// Expressions that only look like a phrase of the old dialect.
const ALLOWED: &[&str] = &["there is none", "there are none"];

/// Phrases of the old dialect.
const PHRASES: &[&str] = &[
    "is told",
    "are told",
    "was told",
    "is none",
    "are none",
    "is held to",
    "are held to",
    "is asked for",
    "stands in",
    "stands for",
    "stands beside",
    "stands behind",
    "of its own",
    "this room",
    "a room",
];

#[test]
fn comments_are_in_plain_language() {
    let mut files = Vec::new();
    for folder in ["alloy-runtime/src", "alloy-macros/src", "tests", "examples"] {
        files.extend(files_below(&root().join(folder)));
    }
    let mut wrong = Vec::new();
    for path in files {
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        if shown.contains("/target/") || shown.ends_with("suite/style.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        // In tests and examples a doc comment may be a description that a model reads.
        let checks_summaries = shown.contains("/src/") && !shown.contains("tests");
        let mut previous_is_comment = false;
        for (number, line) in (1..).zip(text.lines()) {
            let comment = comment(line);
            if let Some(comment) = comment {
                let begins = |word: &&&str| comment.starts_with(**word);
                let is_summary = checks_summaries && !previous_is_comment;
                let bad = SUMMARIES.iter().filter(|_| is_summary).find(begins);
                let bad = bad.or(phrase_in(comment));
                if let Some(bad) = bad {
                    wrong.push(format!("{shown}:{number}: `{bad}` in: {comment}"));
                }
            }
            previous_is_comment = comment.is_some();
        }
    }
    for page in ["CONTRIBUTING.md", "docs/architecture.md", "docs/design.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(bad) = phrase_in(line) {
                wrong.push(format!("{page}:{number}: `{bad}` in: {line}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} comments to rewrite: begin a summary with a verb or a noun, and use the field's terms\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Returns the first phrase of the old dialect in a text.
fn phrase_in(text: &str) -> Option<&&'static str> {
    let is_allowed = ALLOWED.iter().any(|allowed| text.contains(allowed));
    let mut phrases = PHRASES.iter().filter(|_| !is_allowed);
    phrases.find(|phrase| text.contains(**phrase))
}

/// Returns the text of a line that is a comment.
fn comment(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let text = ["///", "//!", "//"]
        .iter()
        .find_map(|start| line.strip_prefix(start))?;
    Some(text.trim())
}
