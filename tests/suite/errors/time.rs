//! Timeouts and their error messages.

use std::time::Duration;

use alloy_runtime::{Command, ErrorKind};
use alloy_tests::server::{Reply, Server};
use expect_test::expect;

use super::{answer, shown};

#[tokio::test]
async fn a_timeout_during_the_diagnosis_keeps_the_known_error() {
    let server = Server::with_silent_tags([Reply::error(404, "model 'llama3.1' not found")]);
    let command = answer::<String>()
        .host(server.host())
        .timeout(Duration::from_millis(300));
    assert_eq!(command.await.unwrap_err().kind(), ErrorKind::ModelNotFound);
}

#[tokio::test]
async fn a_timeout_of_duration_max_never_expires() {
    let server = Server::start([Reply::answer("hello")]);
    assert!(
        answer::<String>()
            .host(server.host())
            .timeout(Duration::MAX)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_timeout_covers_the_whole_command() {
    let server = Server::start([Reply::raw("").then_silence()]);
    let command = answer::<String>()
        .host(server.host())
        .timeout(Duration::from_millis(100));
    let error = command.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    expect![[r#"
        no answer within 100ms, the command's timeout
          command: answer
          help: Raise `timeout`, or leave it out to wait as long as the server works: the first call of a model loads it, which can take minutes."#]]
    .assert_eq(&shown(&error));
}

// On Linux a listener with a full queue leaves connections pending; other systems refuse them at once.
#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn a_connect_timeout_names_the_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let wait = Duration::from_millis(50);
    let mut waiting = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, wait) {
        waiting.push(stream);
    }
    let check = async |command: Command<String>, limit: &str| {
        let error = command.host(address.to_string()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(
            error.to_string(),
            format!("no connection to http://{address} within {limit}, the connect timeout")
        );
    };
    check(answer(), "10s").await;
    check(
        answer().connect_timeout(Duration::from_millis(1500)),
        "1500ms",
    )
    .await;
}

#[tokio::test]
async fn a_stalled_reply_ends_after_the_idle_timeout() {
    let check = async |command: Command<String>, expected: &str| {
        let server = Server::start([Reply::answer("hello").cut_short_by(10).then_silence()]);
        let running = tokio::spawn(command.host(server.host()));
        while server.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Waits until the reply has arrived. From here on, the paused clock advances by itself.
        tokio::time::sleep(Duration::from_millis(50)).await;
        tokio::time::pause();
        let error = running.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(error.to_string(), expected);
        tokio::time::resume();
    };
    check(
        answer(),
        "the reply stopped: no byte for 5m, the idle timeout",
    )
    .await;
    let short = answer().idle_timeout(Duration::from_secs(90));
    check(
        short,
        "the reply stopped: no byte for 90s, the idle timeout",
    )
    .await;
}
