//! Every example runs, against a server that gives the answers a model would.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use alloy_tests::server::{Reply, Server};

/// The folder of the built examples. Cargo builds them here and not only before, so that this
/// package's tests can be run by themselves.
fn built() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let status = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--package",
                "alloy-examples",
                "--examples",
            ])
            .status()
            .unwrap();
        assert!(status.success(), "the examples do not build");
        // …/target/debug/deps/suite-…
        let suite = std::env::current_exe().unwrap();
        let target = suite.ancestors().nth(3).unwrap();
        target.join("debug").join("examples")
    })
}

/// Runs an example with its model's answer, and gives back the prompt that was sent.
fn check(example: &str, arguments: &[&str], answer: &str, expected: &str) -> String {
    let server = Server::start([Reply::answer(answer)]);
    let output = Command::new(built().join(example))
        .args(arguments)
        .env("OLLAMA_HOST", server.host())
        .env("ALLOY_MODEL", "ollama:llama3.1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{example}: {output:?}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        expected,
        "{example}"
    );
    let sent = server.request().json();
    assert_eq!(sent["options"]["temperature"], 0.0, "{example}");
    let messages = sent["messages"].as_array().unwrap();
    messages.last().unwrap()["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn extract() {
    let prompt = check(
        "extract",
        &[],
        r#"{"name":"Jason","age":25}"#,
        "User { name: \"Jason\", age: 25 }\n",
    );
    assert_eq!(
        prompt,
        "Extract the user described in the text.\n\n<text>\nJason is 25 years old\n</text>"
    );
    let prompt = check(
        "extract",
        &["Ada is 36"],
        r#"{"name":"Ada","age":36}"#,
        "User { name: \"Ada\", age: 36 }\n",
    );
    assert!(prompt.contains("Ada is 36"));
}

#[test]
fn nested() {
    let answer = r#"{"name":"Jason","age":35,"addresses":[{"street":"123 Main St","city":"New York","country":"USA"}]}"#;
    let prompt = check(
        "nested",
        &[],
        answer,
        "Jason, 35\n- 123 Main St, New York, USA\n",
    );
    assert_eq!(
        prompt,
        "Extract: Jason is 35 years old.\n\
         He lives at 123 Main St, New York, USA and has a summer house at 456 Beach Rd, Miami, USA."
    );
}

#[test]
fn list() {
    let answer = r#"{"value":[{"name":"Jason","age":25},{"name":"Tom","age":41}]}"#;
    check("list", &[], answer, "Jason is 25\nTom is 41\n");
}

#[test]
fn classify() {
    check(
        "classify",
        &[],
        r#"{"value":"account"}"#,
        "I forgot my password: here is the link to a new password\n",
    );
    check(
        "classify",
        &["My invoice is wrong"],
        r#"{"value":"billing"}"#,
        "My invoice is wrong: accounting writes back within a day\n",
    );
}
