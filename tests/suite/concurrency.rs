//! `max_concurrency`: how many requests wait for a reply at the same time.

use std::time::Duration;

use alloy_runtime::{Config, ErrorKind, command, tool, with_config};
use alloy_tests::server::{Reply, Said, Server};
use futures::future::join_all;
use serde_json::json;

#[command("Say {number}", model = "ollama:llama3.1")]
async fn say(number: u32) -> String;

/// Asks another command.
#[tool]
async fn ask_another(number: u32) -> String {
    say(number).await.unwrap_or_else(|error| error.to_string())
}

#[command("Ask", model = "ollama:llama3.1", tools(ask_another))]
async fn asks() -> String;

fn limited(server: &Server, limit: u32) -> Config {
    Config::new().host(server.host()).max_concurrency(limit)
}

#[tokio::test]
async fn held_commands_do_not_block_others() {
    let server =
        Server::start((0..10).map(|_| Reply::answer("ok").after(Duration::from_millis(20))));
    with_config(limited(&server, 1), async {
        let mut commands: Vec<_> = (0..10).map(say).collect();
        // Each is begun, and left alone until the ones behind it are done.
        for command in &mut commands {
            assert!(futures::poll!(command).is_pending());
        }
        let reversed = async {
            while let Some(command) = commands.pop() {
                assert_eq!(command.await.unwrap(), "ok");
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reversed).await
    })
    .await
    .expect("the commands block each other");
    assert_eq!(server.requests().len(), 10);
}

#[tokio::test]
async fn no_more_requests_are_sent_than_the_limit_allows() {
    for limit in [1, 3] {
        let slow = || Reply::answer("ok").after(Duration::from_millis(100));
        let server = Server::start((0..9).map(|_| slow()));
        let begun = tokio::time::Instant::now();
        let texts = with_config(limited(&server, limit), async {
            let answers = join_all((0..9).map(say));
            tokio::time::sleep(Duration::from_millis(0)).await;
            answers.await
        })
        .await;
        assert!(texts.iter().all(Result::is_ok));
        let rounds = 9 / limit;
        assert!(
            begun.elapsed() >= Duration::from_millis(100) * rounds,
            "{:?}",
            begun.elapsed()
        );
    }
}

#[tokio::test]
async fn a_command_in_a_tool_is_asked_while_the_outer_one_holds_no_permit() {
    let call = |number: u32| Reply::said(&Said::call("ask_another", json!({"number": number})));
    let script = [call(1), Reply::answer("inner"), Reply::answer("outer")];
    let server = Server::start(script);
    let answer = with_config(limited(&server, 1), async {
        tokio::time::timeout(Duration::from_secs(20), asks()).await
    });
    assert_eq!(answer.await.expect("it waits for itself").unwrap(), "outer");
}

#[tokio::test]
async fn a_pause_holds_no_permit() {
    let headers = [("retry-after", "2"), ("content-length", "0")];
    let busy = Reply::with_headers(503, &headers, b"");
    let server = Server::start([busy, Reply::answer("second"), Reply::answer("first")]);
    let (first, second) = with_config(limited(&server, 1), async {
        let first = tokio::spawn(say(1));
        while server.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let second = tokio::time::timeout(Duration::from_millis(1500), say(2)).await;
        (first.await.unwrap(), second)
    })
    .await;
    assert_eq!(
        second.expect("it waited for the pause of another").unwrap(),
        "second"
    );
    assert_eq!(first.unwrap(), "first");
}

#[tokio::test]
async fn a_time_out_in_the_queue_says_so_and_names_the_limit() {
    let server = Server::start([Reply::answer("late").after(Duration::from_secs(30))]);
    let error = with_config(limited(&server, 1), async {
        let first = tokio::spawn(say(1));
        while server.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let error = say(2).timeout("200ms").await.unwrap_err();
        first.abort();
        error
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(
        error.to_string().contains("in the queue") || error.to_string().contains("other requests"),
        "{error}"
    );
    assert!(error.help().contains("max_concurrency"), "{}", error.help());
    assert_eq!(server.requests().len(), 1);
}
