//! Every mistake in a declaration: what the compiler says about it, and where.
//!
//! Each file of `tests/ui/command/fail` and `tests/ui/tool/fail` is compiled; beside it stands what is ours of the compiler's
//! answer: for errors of the macros their message, line and column; for those that rustc words itself
//! only the code and the place, because its words differ from release to release.
//! `UPDATE_EXPECT=1 cargo test` writes the expectations anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::expect_file;
use serde_json::Value;

#[test]
fn mistakes_are_told_in_plain_words_on_the_wrong_token() {
    check_expected("fail", "error");
}

// The macro has a table of its own: what it knows is what the runtime knows.
#[test]
fn the_macro_knows_every_option_that_the_runtime_knows() {
    let wrong = include_str!("../ui/command/fail/option_types.rs");
    let told = include_str!("../ui/command/fail/option_types.expected");
    for name in alloy_runtime::__private::known_options() {
        assert!(wrong.contains(&format!("        {name} = ")), "{name}");
        let any = format!("`{name}` takes a number, a text,");
        assert!(
            told.contains(&format!("`{name}` takes")) && !told.contains(&any),
            "{name}"
        );
    }
}

// What an attribute has not is set elsewhere: the macro knows where, of every key and of every setter.
#[test]
fn the_macro_knows_where_each_setting_is_set() {
    let told = include_str!("../ui/command/fail/misplaced_keys.expected");
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
        assert!(key.attribute || told.contains(&place), "{name}");
        let no_option = format!("`{name}` is no option of a model, but ");
        assert!(no_options.contains(&no_option), "{name}");
    }
    for name in alloy_runtime::__private::known_options() {
        let place = format!("`{name}` is an option of the model: `options({name} = …)`");
        assert!(told.contains(&place), "{name}");
    }
    let setters = concat!(
        include_str!("../../alloy-runtime/src/config/setters.rs"),
        include_str!("../../alloy-runtime/src/command/setters.rs"),
    );
    let setters = setters
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub fn "));
    let setters: Vec<&str> = setters
        .map(|line| line.split('(').next().unwrap())
        .collect();
    assert!(setters.contains(&"api") && setters.contains(&"image"));
    for name in &setters {
        // `tools` is a key of the attribute alone.
        let is_key = keys.iter().any(|key| key.name == *name && key.attribute) || *name == "tools";
        let near = format!("unknown key `{name}`; did you mean `{name}s");
        let place = format!("`{name}` is set at the call, not in the attribute: `.{name}(…)`");
        assert!(
            is_key || told.contains(&place) || told.contains(&near),
            "{name}"
        );
    }
    for line in told
        .lines()
        .filter(|line| line.contains("is set at the call"))
    {
        let name = line.split('`').nth(1).unwrap();
        assert!(setters.contains(&name), "{name}");
    }
}

// Each key has its heading, which its example stands under, and its row.
#[test]
fn each_key_of_the_attribute_is_documented() {
    let docs = include_str!("../../docs/attributes.md");
    let told = include_str!("../ui/command/fail/unknown_key.expected");
    let keys = told.split("the keys are ").nth(1).unwrap();
    let keys = keys.split([';', '\n']).next().unwrap().split(", ");
    let mut count = 0;
    for key in keys {
        let name = key.trim_matches('`');
        assert!(docs.contains(&format!("\n## {key}\n")), "{key}");
        assert!(docs.contains(&format!("](#{name})")), "{key}");
        count += 1;
    }
    assert_eq!(count, 13);
}

// D4: rustc's own lints, on the declaration, once.
#[test]
fn warnings_land_where_the_code_was_written() {
    check_expected("warn", "warning");
}

fn check_expected(folder: &str, level: &str) {
    let cases = cases(folder);
    let said = check(&cases);
    for (name, path) in &cases {
        // A type that only a trait is written for is dead code to Rust 1.95, and was not to 1.85.
        if name == "tool_dead_code" && minor_version("rustc") < Some(95) {
            continue;
        }
        let said = said.get(name).map_or("", String::as_str);
        assert!(
            said.contains(level),
            "{name} gives no {level}, or was not looked at"
        );
        expect_file![path.with_extension("expected")].assert_eq(said);
    }
}

#[test]
fn what_is_right_gives_no_word() {
    let cases = cases("pass");
    let said = check(&cases);
    assert!(said.is_empty(), "{said:#?}");
    // Clippy sees the user's code as the user wrote it, too.
    if clippy_fits() {
        let said = check_with("clippy", &cases);
        assert!(said.is_empty(), "{said:#?}");
    }
}

/// Whether there is a clippy, and one of this compiler: `clippy 0.1.85` is that of Rust 1.85.
fn clippy_fits() -> bool {
    let compiler = minor_version("rustc");
    compiler.is_some() && compiler == minor_version("clippy")
}

/// 85 of `rustc 1.85.0` and of `clippy 0.1.85`, for the tool beside the cargo that runs this.
fn minor_version(tool: &str) -> Option<u32> {
    let (arguments, place): (&[&str], _) = match tool {
        "clippy" => (&["clippy", "--version"], 2),
        // A cargo has the version of its compiler.
        _ => (&["--version"], 1),
    };
    let output = Command::new(env!("CARGO")).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split(' ').nth(1)?;
    version.split('.').nth(place)?.parse().ok()
}

/// The programs of one folder, by name.
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

/// Compiles the programs in a package of their own, and gives what the compiler said of each.
fn check(cases: &BTreeMap<String, PathBuf>) -> BTreeMap<String, String> {
    check_with("check", cases)
}

fn check_with(tool: &str, cases: &BTreeMap<String, PathBuf>) -> BTreeMap<String, String> {
    let mut said: BTreeMap<String, Vec<(u64, String)>> = BTreeMap::new();
    for (name, diagnostic) in diagnostics(tool, cases) {
        said.entry(name).or_default().extend(ours(&diagnostic));
    }
    // In the order of the lines: which check comes first differs from compiler to compiler.
    let in_order = |mut words: Vec<(u64, String)>| {
        words.sort_by_key(|(line, _)| *line);
        words.into_iter().map(|(_, words)| words).collect()
    };
    said.into_iter()
        .map(|(name, words)| (name, in_order(words)))
        .filter(|(_, words): &(_, String)| !words.is_empty())
        .collect()
}

/// Everything that the compiler said, with the program that it is about.
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
    let mut manifest = format!(
        "[package]\nname = \"ui-{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nalloy-runtime = {{ path = {:?} }}\nserde = \"1\"\nschemars = \"1\"\n",
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
    // The same versions as the workspace's, so that nothing new is fetched.
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
    let mut said = Vec::new();
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
            said.push((name.to_owned(), message["message"].clone()));
        }
    }
    assert!(
        looked_at >= cases.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

/// An error of the compiler, and what it points at.
pub(crate) struct Pointed {
    pub(crate) message: String,
    /// What it points at: the first line of it.
    pub(crate) found: String,
    /// The number of that line, from 1.
    pub(crate) number: usize,
}

/// Compiles a program by itself, and gives its errors.
pub(crate) fn errors_of(name: &str, program: &str) -> Vec<Pointed> {
    let folder = std::env::temp_dir().join(format!("alloy-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.rs"));
    fs::write(&path, program).unwrap();
    let cases = BTreeMap::from([(name.to_owned(), path)]);
    let mut errors = Vec::new();
    for diagnostic in diagnostics("check", &cases)
        .into_iter()
        .map(|(_, said)| said)
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

/// What is ours of a diagnostic: `None` of the compiler's own closing lines.
fn ours(diagnostic: &Value) -> Option<(u64, String)> {
    let level = diagnostic["level"].as_str().unwrap();
    let spans = diagnostic["spans"].as_array().unwrap();
    let primary = spans.iter().find(|span| span["is_primary"] == true)?;
    let code = diagnostic["code"]["code"].as_str();
    let message = diagnostic["message"].as_str().unwrap();
    let place = format!(
        "{}:{}-{}",
        primary["line_start"],
        primary["column_start"],
        // An error on a whole body ends lines later: its first line is what is looked at.
        match primary["line_end"] == primary["line_start"] {
            true => primary["column_end"].to_string(),
            false => "…".to_owned(),
        },
    );
    // A bound's own words, from `#[diagnostic::on_unimplemented]`, carry a code and are still ours.
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
