//! Addresses without a server, and unknown hosts.

use std::error::Error as _;

use alloy_runtime::ErrorKind;
use alloy_tests::server::Server;

use super::{answer, shown};

#[tokio::test]
async fn an_unreachable_server_error_names_the_address_and_the_next_step() {
    let gone = Server::start([]).host();
    let error = answer::<String>().host(&gone).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(error.address(), Some(format!("http://{gone}").as_str()));
    let source = error
        .source()
        .unwrap()
        .downcast_ref::<std::io::Error>()
        .unwrap();
    assert_eq!(source.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(shown(&error).starts_with(
        "cannot reach Ollama at http://HOST; start it with `ollama serve`\n  cause: "
    ));
}

#[tokio::test]
async fn an_unknown_host_has_its_own_message() {
    let error = answer::<String>()
        .host("no-such-host.invalid")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(
        error.to_string(),
        "cannot reach Ollama at http://no-such-host.invalid:11434: the host name does not resolve; check OLLAMA_HOST"
    );
    assert_eq!(error.command(), Some("answer"));
}
