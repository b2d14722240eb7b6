//! The example of a web service.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use alloy_tests::server::{Reply, Said, Server};

use super::{example, forwarding, without_settings};

/// Sends a request, and returns the status and the body of the response.
fn exchange(address: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut client = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        client,
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut response = String::new();
    client.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

#[test]
fn service_of_a_server_that_is_down() {
    // Nothing listens at this address.
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nowhere.local_addr().unwrap().to_string();
    drop(nowhere);
    let mut program = without_settings("service");
    program
        .env("OLLAMA_HOST", address)
        .env("ALLOY_MODEL", "ollama:llama3.1");
    let (_program, address) = forwarding(program);
    let (status, text) = exchange(&address, "GET", "/story?hero=a+fox", "");
    assert_eq!((status, &*text), (503, "unreachable\n"));
}

#[test]
fn service() {
    let server = Server::start([
        Reply::answer(r#"{"name":"Jason","age":25}"#),
        Reply::error(401, "the key sk-1 is wrong"),
        Reply::answer(r#"{"name":"Jason","age":25"#).cut_short_by(5),
        Reply::stream(&Said::new("Once upon a time.")),
        Reply::error(401, "no"),
        Reply::stream(&Said::new("Once upon a time.")).cut_short_by(300),
    ]);
    let (_program, address) = forwarding(example("service", "ollama:llama3.1", &server));
    let extract = || exchange(&address, "POST", "/extract", "Jason is 25");
    assert_eq!(extract(), (200, r#"{"name":"Jason","age":25}"#.to_owned()));
    // The client sees the kind, and no detail.
    assert_eq!(extract(), (500, "unauthorized\n".to_owned()));
    assert_eq!(extract(), (502, "interrupted\n".to_owned()));

    let story = || exchange(&address, "GET", "/story?hero=a+fox", "");
    let (status, events) = story();
    assert_eq!(status, 200);
    assert!(events.contains(r#"data: "Once ""#), "{events}");
    assert!(events.contains("event: done"), "{events}");
    // The first piece decides the status.
    assert_eq!(story(), (500, "unauthorized\n".to_owned()));
    let (status, events) = story();
    assert_eq!(status, 200);
    assert!(
        events.contains("event: failed\ndata: interrupted"),
        "{events}"
    );
    assert!(!events.contains("event: done"), "{events}");

    let (status, metrics) = exchange(&address, "GET", "/metrics", "");
    assert_eq!(status, 200);
    for line in [
        r#"commands_total{command="extract",status="ok"} 1"#,
        r#"commands_total{command="extract",status="unauthorized"} 1"#,
        r#"commands_total{command="extract",status="interrupted"} 1"#,
        r#"commands_total{command="story",status="ok"} 1"#,
        r#"commands_total{command="story",status="unauthorized"} 1"#,
        r#"commands_seconds_total{command="extract",status="ok"} "#,
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

// Ctrl-C is a signal on Unix.
#[cfg(unix)]
#[test]
fn service_finishes_its_requests_when_it_is_stopped() {
    let answer = Reply::answer(r#"{"name":"Jason","age":25}"#);
    let server = Server::start([answer.after(Duration::from_millis(500))]);
    let (mut program, address) = forwarding(example("service", "ollama:llama3.1", &server));
    let client = std::thread::spawn(move || exchange(&address, "POST", "/extract", "Jason is 25"));
    for _ in 0..2000 {
        if !server.requests().is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let stopped = std::process::Command::new("kill")
        .args(["-INT", &program.0.id().to_string()])
        .status();
    assert!(stopped.unwrap().success());
    assert_eq!(client.join().unwrap().0, 200);
    assert!(program.0.wait().unwrap().success());
}
