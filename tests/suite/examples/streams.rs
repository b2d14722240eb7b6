//! Examples that stream a text to a terminal, a conversation or a browser.

use std::io::{BufRead as _, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use alloy_tests::server::{Reply, Said, Server};

use super::{browser, events, example, forwarding};

/// Returns a streamed reply that stalls before its end.
fn stalled(text: &str) -> Reply {
    let whole = Reply::stream(&Said::new(text));
    whole.cut_short_by(400).then_silence()
}

#[test]
fn story() {
    let text = "Once upon a time, there was a fox.\n\nThe end.";
    let server = Server::start([Reply::stream(&Said::new(text))]);
    let mut program = example("story", "ollama:llama3.1", &server);
    let output = program.arg("an owl").output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("{text}\n")
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "12 tokens\n");
    let sent = server.request().json();
    assert_eq!(
        sent["messages"][0]["content"],
        "Tell a short story about an owl."
    );
    assert_eq!(sent["stream"], true);
}

// S5: Ctrl-C is a signal on Unix.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_story_cleanly() {
    let server = Server::start([stalled("Once upon a time, there was a fox.")]);
    let mut program = example("story", "ollama:llama3.1", &server);
    let mut program = program.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = program.stdout.take().unwrap();
    let mut first = [0; 4];
    stdout.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"Once");
    let stopped = Command::new("kill")
        .args(["-INT", &program.id().to_string()])
        .status();
    assert!(stopped.unwrap().success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("\n(stopped)\n"), "{rest:?}");
    assert!(program.wait().unwrap().success());
}

#[test]
fn chat() {
    let server = Server::start([
        Reply::stream(&Said::new("Hello, Ann!")),
        Reply::error(500, "no such thing"),
        Reply::stream(&Said::new("Ann.")),
    ]);
    let mut program = example("chat", "ollama:llama3.1", &server);
    program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut running = program.spawn().unwrap();
    let mut stdin = running.stdin.take().unwrap();
    stdin
        .write_all(b"I am Ann.\nHow are you?\nWho am I?\n")
        .unwrap();
    drop(stdin);
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "> Hello, Ann!\n> \n> Ann.\n> \n"
    );
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("no such thing"), "{errors}");
    let last = server.requests()[2].json();
    let contents: Vec<_> = last["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["content"])
        .collect();
    assert_eq!(contents[1..], ["I am Ann.", "Hello, Ann!", "Who am I?"]);
}

#[test]
fn forward() {
    let reply = Reply::stream(&Said::new("Once upon\na time."));
    let server = Server::start([
        reply,
        Reply::error(500, "no such thing"),
        stalled("Once upon a time, there was a fox."),
    ]);
    let (_program, address) = forwarding(example("forward", "ollama:llama3.1", &server));
    let ask = || browser(&address);
    let events = || events(&address);
    let done = ["event: done", "data: null"];
    let text = [
        r#"data: "Once ""#,
        r#"data: "upon\na ""#,
        r#"data: "time.""#,
    ];
    assert_eq!(events(), [&text[..], &done].concat());
    // The browser receives no details of an error; the program prints them.
    assert_eq!(events(), [["event: failed", "data: null"], done].concat());

    // A closed browser connection ends the generation.
    let closed = server.closed();
    let mut browser = ask();
    let mut line = String::new();
    while !line.starts_with("data:") {
        line.clear();
        browser.read_line(&mut line).unwrap();
    }
    assert_eq!(server.closed(), closed);
    drop(browser);
    for _ in 0..1000 {
        if server.closed() > closed {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the connection to the model's server is still open");
}
