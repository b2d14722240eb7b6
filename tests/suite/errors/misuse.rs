//! Commands that are awaited outside a runtime or twice.

use alloy_runtime::ErrorKind;
use alloy_tests::server::{Reply, Server};

use super::answer;

#[test]
fn awaiting_outside_a_runtime_is_an_error() {
    use std::future::Future as _;
    use std::task::{Context, Poll, Waker};

    let command = std::pin::pin!(answer::<String>());
    let Poll::Ready(Err(error)) = command.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("expected an error at the first poll")
    };
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.to_string(),
        "a command was awaited outside a tokio runtime"
    );
    assert!(error.help().contains("#[tokio::main]"));
}

#[tokio::test]
async fn using_an_awaited_command_is_an_error() {
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
