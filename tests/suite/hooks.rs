//! `on_done`: the report after each command.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy_runtime::testing::Script;
use alloy_runtime::{Config, ErrorKind, command, with_config};
use alloy_tests::server::{Reply, Said, Server};

use crate::ROUTES;

#[command("Say hello", model = "ollama:llama3.1")]
async fn hello() -> String;

#[command("How old is Jason?", model = "ollama:llama3.1", retry = 2)]
async fn age() -> u8;

/// A report: command, model, attempts, requests, kind, cancelled.
type Told = (String, String, u32, u32, Option<ErrorKind>, bool);

/// A configuration with a hook, and the reports that it received.
fn recorded() -> (Config, Arc<Mutex<Vec<Told>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&told);
    let config = Config::new().on_done(move |done| {
        let (command, model) = (done.command.to_owned(), done.model.to_owned());
        let counts = (done.attempts, done.requests);
        list.lock().unwrap().push((
            command,
            model,
            counts.0,
            counts.1,
            done.error,
            done.cancelled,
        ));
    });
    (config, told)
}

fn told(
    command: &str,
    attempts: u32,
    requests: u32,
    error: Option<ErrorKind>,
    cancelled: bool,
) -> Told {
    (
        command.to_owned(),
        "llama3.1".to_owned(),
        attempts,
        requests,
        error,
        cancelled,
    )
}

#[tokio::test]
async fn success_failure_and_cancellation_are_told_once() {
    for api in ROUTES {
        let (config, list) = recorded();
        let config = config.api(api);
        let server = Server::start([
            Reply::answer("hi"),
            Reply::answer("seven"),
            Reply::answer("8"),
            Reply::answer("seven"),
            Reply::answer("seven"),
            Reply::answer("seven"),
            Reply::answer("late").after(Duration::from_mins(1)),
        ]);
        let config = config.host(server.host());
        with_config(config, async {
            hello().await.unwrap();
            assert_eq!(age().await.unwrap(), 8);
            age().await.unwrap_err();
            let late = tokio::time::timeout(Duration::from_millis(300), hello()).await;
            late.unwrap_err();
            // Never polled: nothing happened.
            drop(hello());
        })
        .await;
        let expected = [
            told("hello", 1, 1, None, false),
            told("age", 2, 2, None, false),
            told("age", 3, 3, Some(ErrorKind::InvalidOutput), false),
            told("hello", 0, 1, None, true),
        ];
        assert_eq!(*list.lock().unwrap(), expected);
    }
}

#[tokio::test]
async fn streams_are_told_at_their_end_and_when_they_are_dropped() {
    let (config, list) = recorded();
    let server = Server::start([
        Reply::stream(&Said::new("Once upon a time")),
        Reply::stream(&Said::new("Once upon a time")).byte_by_byte(),
        Reply::error(400, "no"),
    ]);
    let config = config.host(server.host());
    with_config(config, async {
        let mut stream = hello().stream();
        while stream.next().await.is_some() {}
        let mut stream = hello().stream();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        let mut stream = hello().stream();
        stream.next().await.unwrap().unwrap_err();
        drop(hello().stream());
    })
    .await;
    let expected = [
        told("hello", 1, 1, None, false),
        told("hello", 0, 1, None, true),
        told("hello", 0, 1, Some(ErrorKind::Server), false),
    ];
    assert_eq!(*list.lock().unwrap(), expected);
}

#[tokio::test]
async fn the_hooks_of_all_layers_are_called_and_a_panic_of_one_stops_nothing() {
    let (outer, outer_list) = recorded();
    let (inner, inner_list) = recorded();
    let (call, call_list) = recorded();
    let server = Server::start([Reply::answer("hi")]);
    let panicking = Config::new().on_done(|_| panic!("a hook that panics"));
    let text = with_config(outer, async {
        with_config(
            panicking,
            with_config(inner, async {
                hello().config(call).host(server.host()).await
            }),
        )
        .await
    });
    assert_eq!(text.await.unwrap(), "hi");
    for list in [outer_list, inner_list, call_list] {
        assert_eq!(list.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn usage_time_endpoint_and_the_model_that_answered_are_told() {
    let server = Server::start([
        Reply::error(404, "model 'llama3.1' not found"),
        Reply::said(&Said::new("hi").tokens(30, 5)).after(Duration::from_millis(100)),
    ]);
    let seen = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&seen);
    let config = Config::new().on_done(move |done| {
        let text = (done.model.to_owned(), done.endpoint.to_owned());
        *slot.lock().unwrap() = Some((text, done.usage.total_tokens(), done.duration));
    });
    let config = config.host(format!(
        "http://ann:secret@{}",
        server.host().trim_start_matches("http://")
    ));
    let command = hello().config(config).fallback("ollama:small");
    command.await.unwrap();
    let ((model, endpoint), tokens, duration) = seen.lock().unwrap().take().unwrap();
    assert_eq!(model, "small");
    assert!(
        endpoint.starts_with("http://127.0.0.1:") && !endpoint.contains("secret"),
        "{endpoint}"
    );
    assert_eq!(tokens, Some(35));
    assert!(duration >= Duration::from_millis(100), "{duration:?}");
}

#[tokio::test]
async fn a_script_and_a_setting_that_is_not_valid() {
    let (config, list) = recorded();
    let script = Script::new().text("hi");
    script
        .run(with_config(config.clone(), async { hello().await }))
        .await
        .unwrap();
    assert_eq!(list.lock().unwrap().len(), 1);
    // Without settings there is no hook to call.
    with_config(config, async { hello().temperature(3.0).await })
        .await
        .unwrap_err();
    assert_eq!(list.lock().unwrap().len(), 1);
}
