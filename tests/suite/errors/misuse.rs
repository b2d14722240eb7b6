//! What a program did wrong: a command awaited where it cannot be.

use alloy_runtime::ErrorKind;
use alloy_tests::server::{Reply, Server};

use super::answer;

#[test]
fn outside_a_runtime_the_error_says_what_to_write() {
    use std::future::Future as _;
    use std::task::{Context, Poll, Waker};

    let command = std::pin::pin!(answer::<String>());
    let Poll::Ready(Err(error)) = command.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it has nothing to wait for")
    };
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.to_string(),
        "a command was awaited outside a tokio runtime"
    );
    assert!(error.help().contains("#[tokio::main]"));
}

#[tokio::test]
async fn a_command_that_was_awaited_says_so() {
    let server = Server::start([Reply::answer("hello")]);
    let mut command = answer::<String>().host(server.host());
    (&mut command).await.unwrap();
    let error = command.preview().unwrap_err();
    assert_eq!(error.to_string(), "the command was awaited already");
    assert_eq!(
        command.outcome().await.unwrap_err().kind(),
        ErrorKind::Configuration
    );
}
