//! E4: what is secret is shown nowhere.

use std::io::Write;
use std::sync::{Arc, Mutex};

use alloy_runtime::{Result, command};
use alloy_tests::server::{Reply, Server};
use tracing_subscriber::fmt::MakeWriter;

#[command("Say hello", model = "ollama:llama3.1")]
async fn hello() -> Result<String>;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn credentials_of_a_host_are_sent_and_never_shown() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(log.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let server = Server::start([Reply::answer("hello"), Reply::error(401, "unauthorized")]);
    let host = format!("http://ann:hunter2@{}", server.host());
    let command = hello().host(&host);
    let preview = command.preview().unwrap();
    let mut shown = format!("{command:?} {preview:?} {}", preview.settings);
    let outcome = command.outcome().await.unwrap();
    shown += &format!("{outcome:?}");
    let refused = hello().host(&host).await.unwrap_err();
    shown += &format!("{refused} {refused:?} {refused:#?} {}", refused.help());
    let gone = Server::start([]).host();
    let unreachable = hello()
        .host(format!("http://ann:hunter2@{gone}"))
        .await
        .unwrap_err();
    shown += &format!("{unreachable} {unreachable:?} {unreachable:#?}");
    let bad = hello().host("ftp://ann:hunter2@gpu").await.unwrap_err();
    shown += &format!("{bad} {bad:?} {bad:#?}");
    drop(guard);
    shown += &String::from_utf8(log.0.lock().unwrap().clone()).unwrap();

    // "ann:hunter2" in base64, as `Authorization: Basic` carries it.
    let sent = server.requests()[0]
        .header("authorization")
        .unwrap()
        .to_owned();
    assert_eq!(sent, "Basic YW5uOmh1bnRlcjI=");
    for secret in ["hunter2", "YW5uOmh1bnRlcjI="] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(
        shown.contains("gen_ai.request.model"),
        "the trace was listened to: {shown}"
    );
    assert!(shown.contains("[secret]"), "{shown}");
}
