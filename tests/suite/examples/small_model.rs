//! Examples without any setting, answered by the small model of this repository.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use super::{events, forwarding, without_settings};

/// Runs an example without any setting and returns its standard output and error, less the first line
/// of the latter, which names the small model.
fn alone(name: &str, arguments: &[&str], input: &str) -> (String, String) {
    let mut program = without_settings(name);
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
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    let (first, rest) = stderr.split_once('\n').unwrap();
    assert_eq!(
        first,
        "ALLOY_MODEL is not set: the small model in examples/models answers. For a larger one: ALLOY_MODEL=ollama:llama3.1"
    );
    (stdout, rest.to_owned())
}

// B7: the model's documentation promises these answers.
#[test]
fn examples_without_settings_use_the_small_model() {
    let check = |name: &str, arguments: &[&str], expected: &str| {
        let (stdout, stderr) = alone(name, arguments, "");
        assert_eq!(stdout, expected, "{name}");
        assert_eq!(stderr, "", "{name}");
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

/// Returns the path of the small model.
fn small_model() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = root.join("examples/models/alloy-tiny-q8_0.gguf");
    path.display().to_string()
}

// B7: checks that the small model answers, and only the beginning of most answers.
#[test]
fn the_small_model_answers_the_other_examples() {
    let (stdout, _) = alone("enrich", &[], "");
    assert!(
        stdout.starts_with("Jason, 25: Jason is 25 years old"),
        "{stdout}"
    );
    let (stdout, _) = alone("optional", &[], "");
    assert!(stdout.starts_with("Jason"), "{stdout}");
    let (stdout, stderr) = alone("story", &["the moon"], "");
    assert!(stdout.starts_with("Once there was"), "{stdout}");
    assert!(stderr.ends_with(" tokens\n"), "{stderr}");
    let (stdout, _) = alone("lookups", &[], "");
    assert!(
        stdout.contains("{\"city\":\"Oslo\"} -> {\"degrees\":-3,\"sky\":\"snow\"}"),
        "{stdout}"
    );
    let (stdout, _) = alone("workflow", &[], "");
    assert!(stdout.contains("shipped: "), "{stdout}");
    let (stdout, _) = alone("configure", &[], "");
    assert!(
        stdout.contains("alloy-tiny-q8_0.gguf  (process)"),
        "{stdout}"
    );
    let (_program, address) = forwarding(without_settings("forward"));
    let sent = events(&address);
    assert_eq!(sent[0], "data: \"O\"", "{sent:?}");
    assert_eq!(sent[sent.len() - 2..], ["event: done", "data: null"]);
    let (stdout, _) = alone("chat", &[], "Say hello\nSay hello\n");
    assert!(
        stdout.starts_with("> Hello! How can I help you today?\n> "),
        "{stdout}"
    );
}

// Two hundred more rows would take a minute.
#[test]
fn tickets_are_classified_and_found_again() {
    let folder = std::env::temp_dir().join(format!("alloy-tiny-tickets-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data/tickets.csv");
    let all = std::fs::read_to_string(all).unwrap();
    assert_eq!(all.lines().count(), 501);
    let few: Vec<&str> = all.lines().take(13).collect();
    let (csv, journal) = (folder.join("few.csv"), folder.join("few.journal"));
    std::fs::write(&csv, few.join("\n") + "\n").unwrap();
    let arguments = [csv.to_str().unwrap(), journal.to_str().unwrap()];
    let (stdout, _) = alone("tickets", &arguments, "");
    assert!(stdout.contains("\n12 done in "), "{stdout}");
    let (again, _) = alone("tickets", &arguments, "");
    assert!(
        again.contains("\n12 done (12 from the journal) in "),
        "{again}"
    );
    let queues = |text: &str| {
        text.lines()
            .filter(|line| line.contains("tickets ("))
            .count()
    };
    assert_eq!(queues(&stdout), queues(&again));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_document_is_summarized() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/models/README.md");
    let (stdout, stderr) = alone("documents", &[readme.to_str().unwrap()], "");
    assert!(stderr.contains(" parts\nmerging "), "{stderr}");
    assert!(!stdout.trim().is_empty(), "{stdout}");
}
