//! Random declarations: each compiles, or fails with an error from the macros, or with a rustc error about the code
//! its author wrote. The macro never panics, and no error points at generated code.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::ui;

/// Number of declarations in one program.
const CASES: usize = 150;

const NAMES: &[&str] = &[
    "name",
    "text",
    "r#type",
    "value",
    "result",
    "request",
    "__alloy_prompt",
    "__alloy_text",
    "command",
    "self_",
];

/// Generates mostly valid words of one kind, and now and then an invalid one.
fn words(
    right: &'static [&'static str],
    wrong: &'static [&'static str],
) -> impl Strategy<Value = &'static str> {
    prop_oneof![15 => prop::sample::select(right), 1 => prop::sample::select(wrong)]
}

fn types() -> impl Strategy<Value = &'static str> {
    let right = &[
        "&str",
        "String",
        "u8",
        "f64",
        "T",
        "impl Display",
        "&T",
        "std::borrow::Cow<'_, str>",
        "&dyn Display",
    ];
    words(right, &["Option<u8>", "Json<Data>", "Vec<u8>", "Nowhere"])
}

fn outputs() -> impl Strategy<Value = &'static str> {
    let right = &[
        "String",
        "u8",
        "()",
        "Vec<Data>",
        "Option<Data>",
        "alloy_runtime::Result<Data>",
        "Result<String, Error>",
        "Data",
    ];
    words(
        right,
        &[
            "std::io::Result<String>",
            "NoOutput",
            "&'static str",
            "impl Display",
        ],
    )
}

fn specs() -> impl Strategy<Value = &'static str> {
    words(&["", "", "", ":>5", ":.2", ":<9"], &[":?", ":zz", ":"])
}

fn keys() -> impl Strategy<Value = &'static str> {
    let right = &[
        "",
        "",
        "model = \"m\"",
        "temperature = 0.5",
        "max_tokens = 5",
        "timeout = \"5s\"",
        "think = true",
        "options(seed = 1)",
        "system = \"Be brief.\"",
        "crate = ::alloy_runtime",
    ];
    words(
        right,
        &["temperature = 3", "modle = 1", "system", "crate = nowhere"],
    )
}

/// Generates the source of one declaration.
fn declarations() -> impl Strategy<Value = String> {
    let parameter = (prop::sample::select(NAMES), types());
    let parameters = prop::collection::vec(parameter, 0..4).prop_map(|mut parameters| {
        parameters.sort_unstable();
        parameters.dedup_by_key(|(name, _)| *name);
        parameters
    });
    let specs = prop::collection::vec(specs(), 4);
    let choices = (0..7_u8, any::<bool>(), 0..20_u8);
    (parameters, outputs(), keys(), specs, choices).prop_map(
        |(parameters, output, key, specs, (source, several_lines, unknown))| {
            let mut template = String::from("Do it");
            for ((name, _), spec) in parameters.iter().zip(&specs) {
                let name = name.trim_start_matches("r#");
                write!(template, "{}{{{name}{spec}}}", if several_lines { "\n    " } else { " " }).unwrap();
            }
            if unknown == 0 {
                template.push_str(" {nobody}");
            }
            let header: Vec<String> = parameters.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
            let generics = match header.iter().any(|written| written.ends_with('T')) {
                true => "<T: Display>",
                false => "",
            };
            let mut arguments = vec![key.to_owned()];
            let mut docs = String::new();
            let body = match source {
                0 | 1 => {
                    arguments.insert(0, format!("{template:?}"));
                    ";".to_owned()
                }
                2 => {
                    for line in template.lines() {
                        writeln!(docs, "/// {line}").unwrap();
                    }
                    ";".to_owned()
                }
                3 => format!("{{ {template:?} }}"),
                4 => format!("{{ let text = format!({template:?}); text.trim().to_owned() }}"),
                5 => format!("{{ let number: u8 = \"7\".parse()?; format!(\"{{number}} {{:?}}\", {template:?}) }}"),
                _ => ";".to_owned(),
            };
            arguments.retain(|argument| !argument.is_empty());
            let (arguments, header) = (arguments.join(", "), header.join(", "));
            format!("{docs}#[command({arguments})]\npub async fn made{generics}({header}) -> {output}{body}\n")
        },
    )
}

#[test]
fn random_declarations_compile_or_fail_with_clear_errors() {
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let made: Vec<String> = (0..CASES)
        .map(|_| declarations().new_tree(&mut runner).unwrap().current())
        .collect();
    let wrong = errors_in(&made);
    let right = (0..CASES).filter(|number| !wrong.contains(number));
    let right: Vec<String> = right.map(|number| made[number].clone()).collect();
    // No error of one declaration hid an error of another.
    assert_eq!(errors_in(&right), BTreeSet::new());
    let counts = (wrong.len(), right.len());
    assert!(
        wrong.len() > CASES / 10 && right.len() > CASES / 2,
        "{counts:?}"
    );
}

/// Compiles declarations in one program and returns the numbers of those with errors. Checks that each error is
/// about code its author wrote.
fn errors_in(declarations: &[String]) -> BTreeSet<usize> {
    let mut program = String::from(
        "#![allow(dead_code, unused)]\nuse std::fmt::Display;\nuse alloy_runtime::{Error, Json, command};\n\
         #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]\n\
         pub struct Data { n: u8 }\npub struct NoOutput;\nfn main() {}\n",
    );
    let mut ends = Vec::new();
    for (number, made) in declarations.iter().enumerate() {
        write!(program, "mod m{number} {{\nuse super::*;\n{made}}}\n").unwrap();
        ends.push(program.lines().count());
    }
    let mut numbers = BTreeSet::new();
    for error in ui::errors_of("wild", &program) {
        let number = ends.iter().position(|end| error.number <= *end).unwrap();
        let made = &declarations[number];
        let shown = format!("{}\n{made}", error.message);
        assert!(!error.found.starts_with("#[command"), "{shown}");
        assert!(!error.message.contains("panicked"), "{shown}");
        assert!(
            !error.message.contains("__alloy") || made.contains("__alloy"),
            "{shown}"
        );
        numbers.insert(number);
    }
    numbers
}
