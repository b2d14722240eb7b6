//! Time: what is given up after it, and what is told then.

use std::time::Duration;

use alloy_runtime::{Command, ErrorKind};
use alloy_tests::server::{Reply, Server};
use expect_test::expect;

use super::{answer, shown};

#[tokio::test]
async fn a_known_error_is_not_lost_to_the_timeout() {
    let server = Server::with_silent_tags([Reply::error(404, "model 'llama3.1' not found")]);
    let command = answer::<String>()
        .host(server.host())
        .timeout(Duration::from_millis(300));
    assert_eq!(command.await.unwrap_err().kind(), ErrorKind::ModelNotFound);
}

#[tokio::test]
async fn a_timeout_longer_than_time_itself_is_none() {
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
async fn the_timeout_covers_everything() {
    let server = Server::start([Reply::raw("").then_silence()]);
    let command = answer::<String>()
        .host(server.host())
        .timeout(Duration::from_millis(100));
    let error = command.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    expect![[r#"
        no answer within 100ms, the command's timeout
          command: answer
          help: The first call of a model loads it, which can take minutes. Raise `timeout`, or leave it out to wait as long as the server works."#]]
    .assert_eq(&shown(&error));
}

// A listener whose queue is full takes no further connection; other systems refuse it at once.
#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_come_about_is_told_with_the_address() {
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
            format!("no connection to http://{address} within {limit}")
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
async fn a_reply_that_stops_in_the_middle_is_told_after_the_idle_time() {
    let check = async |command: Command<String>, expected: &str| {
        let server = Server::start([Reply::answer("hello").cut_short_by(10).then_silence()]);
        let running = tokio::spawn(command.host(server.host()));
        while server.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Long enough for the reply to be on its way; time runs by itself from here on.
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
