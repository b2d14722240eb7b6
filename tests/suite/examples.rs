//! Runs every example against a server with scripted replies.

mod outputs;
mod service;
mod settings;
mod small_model;
mod streams;
mod tools;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use alloy_tests::server::{Reply, Server};

/// Builds the examples and returns their directory.
///
/// The tests of this package can thus run without a build of the workspace.
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
        assert!(status.success(), "the examples failed to build");
        // …/target/debug/deps/suite-…
        let suite = std::env::current_exe().unwrap();
        let target = suite.ancestors().nth(3).unwrap();
        target.join("debug").join("examples")
    })
}

// A lock of standard input that is held while a command is awaited stops every tool that asks a person.
#[test]
fn no_example_locks_standard_input() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut readers = 0;
    for path in crate::sources::files_below(&examples) {
        let text = std::fs::read_to_string(&path).unwrap();
        readers += usize::from(text.contains("stdin()"));
        for lock in ["stdin().lock()", "stdin().lines()", "stdin_lock"] {
            assert!(!text.contains(lock), "{} has `{lock}`", path.display());
        }
    }
    assert!(
        readers > 0,
        "no example reads standard input: this test checks nothing"
    );
}

/// Returns an example's command without the settings of the caller.
fn without_settings(name: &str) -> Command {
    let mut program = Command::new(built().join(name));
    for key in alloy_runtime::__private::keys() {
        for variable in key.variables {
            program.env_remove(variable);
        }
    }
    program
}

/// Returns an example's command for a model of a server.
fn example(name: &str, model: &str, server: &Server) -> Command {
    let mut program = without_settings(name);
    program
        .env("OLLAMA_HOST", server.host())
        .env("ALLOY_MODEL", model);
    program
}

fn stdout(mut program: Command) -> String {
    let output = program.output().unwrap();
    assert!(output.status.success(), "{program:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs an example with the model's answer, checks its output and returns the prompt that was sent.
fn check(name: &str, arguments: &[&str], answer: &str, expected: &str) -> String {
    let server = Server::start([Reply::answer(answer)]);
    let mut program = example(name, "ollama:llama3.1", &server);
    program.args(arguments);
    assert_eq!(stdout(program), expected, "{name}");
    let sent = server.request().json();
    assert_eq!(sent["options"]["temperature"], 0.0, "{name}");
    let messages = sent["messages"].as_array().unwrap();
    messages.last().unwrap()["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Starts `forward` or `service` and returns it with the address that it listens on.
fn forwarding(mut program: Command) -> (Running, String) {
    program.arg("127.0.0.1:0").stdout(Stdio::piped());
    let mut program = Running(program.stderr(Stdio::null()).spawn().unwrap());
    let mut line = String::new();
    let stdout = program.0.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap();
    let (address, _) = address.split_once('/').unwrap();
    (program, address.to_owned())
}

/// Child process that is killed on drop.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn browser(address: &str) -> BufReader<TcpStream> {
    let mut browser = TcpStream::connect(address).unwrap();
    let request = "GET /story?hero=a+fox HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    browser.write_all(request.as_bytes()).unwrap();
    BufReader::new(browser)
}

fn events(address: &str) -> Vec<String> {
    let lines = browser(address).lines().map(Result::unwrap);
    let events = lines.filter(|line| line.starts_with("data:") || line.starts_with("event:"));
    events.collect()
}
