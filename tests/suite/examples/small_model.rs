//! Without any setting: the small model of this repository answers.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use super::{events, forwarding, unset};

/// Runs an example as a newcomer does who has nothing: gives its output, and what it said beside it.
fn alone(name: &str, arguments: &[&str], input: &str) -> (String, String) {
    let mut program = unset(name);
    program.args(arguments).stdin(Stdio::piped());
    let mut program = program
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = program.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = program.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (said, beside) = (text(output.stdout), text(output.stderr));
    let (first, rest) = beside.split_once('\n').unwrap();
    assert_eq!(
        first,
        "ALLOY_MODEL is not set: the small model in examples/models answers. For a larger one: ALLOY_MODEL=ollama:llama3.1"
    );
    (said, rest.to_owned())
}

// B7: what the model's card promises.
#[test]
fn without_any_setting_the_small_model_answers() {
    let check = |name: &str, arguments: &[&str], expected: &str| {
        let (said, beside) = alone(name, arguments, "");
        assert_eq!(said, expected, "{name}");
        assert_eq!(beside, "", "{name}");
    };
    let jason = "User { name: \"Jason\", age: 25 }\n";
    check("extract", &[], jason);
    let ada = "User { name: \"Ada Lovelace\", age: 36 }\n";
    check("extract", &["Ada Lovelace is 36 years old."], ada);
    check("extract_blocking", &[], jason);
    check("errors", &[], jason);
    check(
        "nested",
        &[],
        "Jason, 35\n- 123 Main St, New York, USA\n- 456 Beach Rd, Miami, USA\n",
    );
    check("list", &[], "Jason is 25\nSarah is 30\nTom is 41\n");
    check(
        "classify",
        &[],
        "I forgot my password: here is the link to a new password\n",
    );
    check(
        "gpt_oss",
        &[],
        &format!("{jason}{} by embedded: a model file\n", small_model()),
    );
    check(
        "calculator",
        &[],
        "the tool `divide` did not run: b must be above zero\nadd {\"a\":5,\"b\":6} -> 11\nmultiply {\"a\":11,\"b\":3} -> 33\nThe result is 33.\n",
    );
}

/// Where the examples have it.
fn small_model() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = root.join("examples/models/alloy-tiny-q8_0.gguf");
    path.display().to_string()
}

// B7: what it answers there is its own affair; that it does is not.
#[test]
fn the_small_model_serves_the_other_examples_too() {
    let (said, _) = alone("enrich", &[], "");
    assert!(
        said.starts_with("Jason, 25: Jason is 25 years old"),
        "{said}"
    );
    let (said, _) = alone("optional", &[], "");
    assert!(said.starts_with("Jason"), "{said}");
    let (said, beside) = alone("story", &["the moon"], "");
    assert!(said.starts_with("Once there was"), "{said}");
    assert!(beside.ends_with(" tokens\n"), "{beside}");
    let (said, _) = alone("lookups", &[], "");
    assert!(
        said.contains("{\"city\":\"Oslo\"} -> {\"degrees\":-3,\"sky\":\"snow\"}"),
        "{said}"
    );
    let (said, _) = alone("workflow", &[], "");
    assert!(said.contains("shipped: "), "{said}");
    let (said, _) = alone("configure", &[], "");
    assert!(said.contains("alloy-tiny-q8_0.gguf  (process)"), "{said}");
    let (_program, address) = forwarding(unset("forward"));
    let told = events(&address);
    assert_eq!(told[0], "data: \"O\"", "{told:?}");
    assert_eq!(told[told.len() - 2..], ["event: done", "data: null"]);
    let (said, _) = alone("chat", &[], "Say hello\nSay hello\n");
    assert!(
        said.starts_with("> Hello! How can I help you today?\n> "),
        "{said}"
    );
}
