//! Every example runs, against a server that gives the answers a model would.

mod outputs;
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

/// An example with none of the caller's own settings.
fn unset(name: &str) -> Command {
    let mut program = Command::new(built().join(name));
    for key in alloy_runtime::__private::keys() {
        for variable in key.variables {
            program.env_remove(variable);
        }
    }
    program
}

/// An example, ready to be run against a server with this model.
fn example(name: &str, model: &str, server: &Server) -> Command {
    let mut program = unset(name);
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

/// Runs an example with its model's answer, and gives back the prompt that was sent.
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

/// Starts `forward`; gives it with the address where it listens.
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

/// A program that ends with its test.
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
