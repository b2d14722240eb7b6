//! Compiler errors: the message and the position of every mistake in a declaration.
//!
//! Each file of `tests/ui/command/fail` and `tests/ui/tool/fail` is compiled. The `.expected` file next to it holds the
//! diagnostics: message, line and column of an error from the macros, but only code and position of an error that rustc
//! words, because its wording differs from release to release.
//! `UPDATE_EXPECT=1 cargo test` rewrites the expectations.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::expect_file;
use serde_json::Value;

#[test]
fn errors_point_at_the_wrong_token() {
    check_expected("fail", "error");
}

// The macro has its own table of options, which must match the runtime's.
#[test]
fn the_macro_and_the_runtime_know_the_same_options() {
    let wrong = include_str!("../ui/command/fail/option_types.rs");
    let expected = include_str!("../ui/command/fail/option_types.expected");
    for name in alloy_runtime::__private::known_options() {
        assert!(wrong.contains(&format!("        {name} = ")), "{name}");
        let any = format!("`{name}` takes a number, a string,");
        assert!(
            expected.contains(&format!("`{name}` takes")) && !expected.contains(&any),
            "{name}"
        );
    }
}

// A setting that is not a key of the attribute is set elsewhere: the error says where, for every key and every setter.
#[test]
fn errors_say_where_each_setting_is_set() {
    let expected = include_str!("../ui/command/fail/misplaced_keys.expected");
    let no_options = include_str!("../ui/command/fail/no_options.expected");
    let keys = alloy_runtime::__private::keys();
    for key in &keys {
        let name = key.name;
        let place = match key.call {
            true => format!("`{name}` is set at the call, not in the attribute: `.{name}(…)`"),
            false => format!(
                "`{name}` is set for the program, not in the attribute: `Config::new().{name}(…)`"
            ),
        };
        assert!(key.attribute || expected.contains(&place), "{name}");
        let no_option = format!("`{name}` is not an option of a model; ");
        assert!(no_options.contains(&no_option), "{name}");
    }
    for name in alloy_runtime::__private::known_options() {
        let place = format!("`{name}` is an option of the model: `options({name} = …)`");
        assert!(expected.contains(&place), "{name}");
    }
    // The setters of a call: those of the table, and those that are written by hand.
    let written = include_str!("../../alloy-runtime/src/command/setters.rs")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub fn "))
        .map(|line| line.split('(').next().unwrap());
    let generated = keys
        .iter()
        .filter(|key| key.call)
        .map(|key| match key.name {
            "options" => "option",
            name => name,
        });
    let setters: Vec<&str> = generated.chain(written).collect();
    assert!(setters.contains(&"api") && setters.contains(&"image"));
    for name in &setters {
        // `tools` is a key of the attribute only.
        let is_key = keys.iter().any(|key| key.name == *name && key.attribute) || *name == "tools";
        let near = format!("unknown key `{name}`; did you mean `{name}s");
        let place = format!("`{name}` is set at the call, not in the attribute: `.{name}(…)`");
        assert!(
            is_key || expected.contains(&place) || expected.contains(&near),
            "{name}"
        );
    }
    for line in expected
        .lines()
        .filter(|line| line.contains("is set at the call"))
    {
        let name = line.split('`').nth(1).unwrap();
        assert!(setters.contains(&name), "{name}");
    }
}

// Each key has a heading, with its example, and a row of the table.
#[test]
fn each_key_of_the_attribute_is_documented() {
    let docs = include_str!("../../docs/attributes.md");
    let expected = include_str!("../ui/command/fail/unknown_key.expected");
    let keys = expected.split("the keys are ").nth(1).unwrap();
    let keys = keys.split([';', '\n']).next().unwrap().split(", ");
    let mut count = 0;
    for key in keys {
        let name = key.trim_matches('`');
        assert!(docs.contains(&format!("\n## {key}\n")), "{key}");
        assert!(docs.contains(&format!("](#{name})")), "{key}");
        count += 1;
    }
    assert_eq!(count, 14);
}

// D4: rustc's lints point at the declaration, once.
#[test]
fn warnings_point_at_the_declaration() {
    check_expected("warn", "warning");
}

fn check_expected(folder: &str, level: &str) {
    let cases = cases(folder);
    let reports = check(&cases);
    for (name, path) in &cases {
        // Rust 1.95 reports a type as dead code that is used only by a trait impl; Rust 1.89 does not.
        if name == "tool_dead_code" && minor_version("rustc") < Some(95) {
            continue;
        }
        let reports = reports.get(name).map_or("", String::as_str);
        assert!(
            reports.contains(level),
            "the compiler reported no {level} for {name}"
        );
        expect_file![path.with_extension("expected")].assert_eq(reports);
    }
}

#[test]
fn valid_declarations_compile_without_warnings() {
    let cases = cases("pass");
    let reports = check(&cases);
    assert!(reports.is_empty(), "{reports:#?}");
    // Clippy must not report the user's code either.
    if clippy_fits() {
        let reports = check_with("clippy", &cases);
        assert!(reports.is_empty(), "{reports:#?}");
    }
}

// `crate = …` makes every path of an expansion independent of the name of the dependency.
#[test]
fn a_renamed_dependency_compiles_without_warnings() {
    let diagnostics = check(&cases("renamed"));
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
}

/// Returns `true` if Clippy is installed for this compiler: `clippy 0.1.89` belongs to Rust 1.89.
fn clippy_fits() -> bool {
    let compiler = minor_version("rustc");
    compiler.is_some() && compiler == minor_version("clippy")
}

/// Returns the minor version of a tool next to the running cargo: 89 for `rustc 1.89.0` and for `clippy 0.1.85`.
fn minor_version(tool: &str) -> Option<u32> {
    let (arguments, place): (&[&str], _) = match tool {
        "clippy" => (&["clippy", "--version"], 2),
        // Cargo and its compiler have the same version.
        _ => (&["--version"], 1),
    };
    let output = Command::new(env!("CARGO")).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split(' ').nth(1)?;
    version.split('.').nth(place)?.parse().ok()
}

/// Returns the programs of a folder by name.
fn cases(folder: &str) -> BTreeMap<String, PathBuf> {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    let files = ["command", "tool"].map(|of| fs::read_dir(ui.join(of).join(folder)).unwrap());
    let files = files.into_iter().flatten();
    let files = files.map(|entry| entry.unwrap().path());
    let programs = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let cases: BTreeMap<String, PathBuf> = programs
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                path,
            )
        })
        .collect();
    assert!(!cases.is_empty());
    cases
}

/// Compiles the programs in a package of their own and returns the diagnostics of each.
fn check(cases: &BTreeMap<String, PathBuf>) -> BTreeMap<String, String> {
    check_with("check", cases)
}

fn check_with(tool: &str, cases: &BTreeMap<String, PathBuf>) -> BTreeMap<String, String> {
    let mut reports: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    for (name, diagnostic) in diagnostics(tool, cases) {
        reports
            .entry(name)
            .or_default()
            .extend(to_report(&diagnostic));
    }
    // Sorted by line, because the order of checks differs between compilers.
    let in_order = |mut words: Vec<(u64, String)>| {
        words.sort_by_key(|(line, _)| *line);
        words.into_iter().map(|(_, words)| words).collect()
    };
    reports
        .into_iter()
        .map(|(name, words)| (name, in_order(words)))
        .filter(|(_, words): &(_, String)| !words.is_empty())
        .collect()
}

/// Returns every diagnostic with the name of its program.
fn diagnostics(tool: &str, cases: &BTreeMap<String, PathBuf>) -> Vec<(String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let suite = std::env::current_exe().unwrap();
    let target = suite.ancestors().nth(3).unwrap();
    let kind = cases
        .values()
        .next()
        .unwrap()
        .parent()
        .unwrap()
        .file_name()
        .unwrap();
    let package = target.join("ui").join(kind);
    fs::create_dir_all(&package).unwrap();
    let dependency = match kind.to_str() {
        Some("renamed") => "llm",
        _ => "alloy-runtime",
    };
    let mut manifest = format!(
        "[package]\nname = \"ui-{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n{dependency} = {{ path = {:?}, package = \"alloy-runtime\" }}\n\
         serde = \"1\"\nschemars = \"1\"\n",
        kind.to_string_lossy(),
        root.join("alloy-runtime").display().to_string(),
    );
    for (name, path) in cases {
        let path = path.display().to_string();
        write!(manifest, "\n[[bin]]\nname = {name:?}\npath = {path:?}\n").unwrap();
    }
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    let prompts = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/command/prompts");
    fs::create_dir_all(package.join("prompts")).unwrap();
    for prompt in fs::read_dir(prompts).unwrap() {
        let prompt = prompt.unwrap();
        fs::copy(
            prompt.path(),
            package.join("prompts").join(prompt.file_name()),
        )
        .unwrap();
    }
    // The workspace's lock file: cargo then downloads nothing new.
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();

    let output = Command::new(env!("CARGO"))
        .args([
            tool,
            "--quiet",
            "--keep-going",
            "--message-format=json",
            "--bins",
        ])
        .arg("--manifest-path")
        .arg(package.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target.join("ui/target"))
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let mut reports = Vec::new();
    let mut looked_at = 0;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let Some(name) = message["target"]["name"]
            .as_str()
            .filter(|name| cases.contains_key(*name))
        else {
            continue;
        };
        looked_at += 1;
        if message["reason"] == "compiler-message" {
            reports.push((name.to_owned(), message["message"].clone()));
        }
    }
    assert!(
        looked_at >= cases.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    reports
}

/// A compiler error and the code it points at.
pub(crate) struct Pointed {
    pub(crate) message: String,
    /// First line of the code it points at.
    pub(crate) found: String,
    /// Number of that line, from 1.
    pub(crate) number: usize,
}

/// Compiles one program and returns its errors.
pub(crate) fn errors_of(name: &str, program: &str) -> Vec<Pointed> {
    let folder = std::env::temp_dir().join(format!("alloy-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.rs"));
    fs::write(&path, program).unwrap();
    let cases = BTreeMap::from([(name.to_owned(), path)]);
    let mut errors = Vec::new();
    for diagnostic in diagnostics("check", &cases)
        .into_iter()
        .map(|(_, reports)| reports)
    {
        let spans = diagnostic["spans"].as_array().unwrap();
        let Some(primary) = spans.iter().find(|span| span["is_primary"] == true) else {
            continue;
        };
        if diagnostic["level"] == "error" {
            let text = &primary["text"][0];
            let line = text["text"].as_str().unwrap();
            let place = |key: &str| usize::try_from(text[key].as_u64().unwrap()).unwrap() - 1;
            let found = line
                .chars()
                .take(place("highlight_end"))
                .skip(place("highlight_start"));
            errors.push(Pointed {
                message: diagnostic["message"].as_str().unwrap().to_owned(),
                found: found.collect(),
                number: usize::try_from(primary["line_start"].as_u64().unwrap()).unwrap(),
            });
        }
    }
    fs::remove_dir_all(folder).unwrap();
    errors
}

/// Returns line and text of a diagnostic for the `.expected` file, or `None` for the compiler's closing summary.
fn to_report(diagnostic: &Value) -> Option<(u64, String)> {
    let level = diagnostic["level"].as_str().unwrap();
    let spans = diagnostic["spans"].as_array().unwrap();
    let primary = spans.iter().find(|span| span["is_primary"] == true)?;
    let code = diagnostic["code"]["code"].as_str();
    let message = diagnostic["message"].as_str().unwrap();
    let place = format!(
        "{}:{}-{}",
        primary["line_start"],
        primary["column_start"],
        // An error on a whole body spans lines: only its first line is compared.
        match primary["line_end"] == primary["line_start"] {
            true => primary["column_end"].to_string(),
            false => "…".to_owned(),
        },
    );
    // Messages of `#[diagnostic::on_unimplemented]` carry a code, but are this crate's words.
    let worded_by_us = code.is_none() && !message.starts_with("invalid format string")
        || code == Some("E0277")
            && ["command", "tool"]
                .iter()
                .any(|word| message.contains(word))
            && !message.contains("trait bound");
    let mut out = match (worded_by_us, code) {
        (true, None) => format!("{place} {level}: {message}\n"),
        (true, Some(code)) => format!("{place} {level}[{code}]: {message}\n"),
        (false, code) => format!("{place} {level}[{}]\n", code.unwrap_or("rustc")),
    };
    if worded_by_us {
        let notes = diagnostic["children"].as_array().unwrap().iter();
        let notes = notes
            .filter(|note| note["level"] == "note" && note["spans"].as_array().unwrap().is_empty());
        for note in notes {
            let note = note["message"].as_str().unwrap();
            let words = ["command", "output", "answer", "tool"];
            if words.iter().any(|word| note.contains(word)) {
                writeln!(out, "  note: {note}").unwrap();
            }
        }
    }
    Some((primary["line_start"].as_u64().unwrap(), out))
}
