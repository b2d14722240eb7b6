//! Asking again: how often, and in which words.

use std::time::Duration;

use alloy_runtime::{Command, ErrorKind, Output, command};
use alloy_tests::server::{Reply, Said, Server};
use serde_json::{Value, json};

use crate::ROUTES;

#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

#[command("Extract", model = "ollama:llama3.1")]
async fn extract<T: Output>() -> T;

const BAD: &str = r#"{"name":"Jason","age":"twenty"}"#;
const WORSE: &str = r#"{"name":"Jason"}"#;
const GOOD: &str = r#"{"name":"Jason","age":25}"#;

/// The messages that followed the prompt, in each request.
fn follow_ups(server: &Server) -> Vec<Vec<Value>> {
    let after_prompt = |request: &alloy_tests::server::Request| {
        let messages = request.json()["messages"].as_array().unwrap().clone();
        let prompt = messages
            .iter()
            .position(|message| message["content"] == "Extract")
            .unwrap();
        messages[prompt + 1..].to_vec()
    };
    server.requests().iter().map(after_prompt).collect()
}

fn rejected(answer: &str, why: &str) -> Vec<Value> {
    let text =
        format!("That answer was not accepted: {why}.\nAnswer again with the corrected JSON only.");
    vec![
        json!({"role": "assistant", "content": answer}),
        json!({"role": "user", "content": text}),
    ]
}

// G7
#[tokio::test]
async fn an_invalid_answer_is_asked_for_once_more_with_the_reason() {
    for api in ROUTES {
        let server = Server::start([Reply::answer(BAD), Reply::answer(GOOD)]);
        let command = extract::<User>().api(api).host(server.host());
        let outcome = command.outcome().await.unwrap();
        assert_eq!(outcome.value.age, 25);
        assert_eq!(outcome.attempts, 2);
        assert_eq!(outcome.usage.completion_tokens, Some(24));
        let conversation: Vec<_> = outcome.messages.iter().map(|said| &*said.content).collect();
        assert_eq!(conversation, ["Extract", GOOD]);
        assert_eq!(
            follow_ups(&server),
            [
                vec![],
                rejected(BAD, "age: expected an integer, found \"twenty\"")
            ]
        );
        // The rest of the request is the same to the letter: servers reuse their prompt cache.
        let requests: Vec<Value> = server
            .requests()
            .iter()
            .map(alloy_tests::server::Request::json)
            .collect();
        for key in ["model", "format", "response_format", "options", "truncate"] {
            assert_eq!(requests[0][key], requests[1][key], "{key}");
        }
        assert_eq!(requests[0]["messages"][0], requests[1]["messages"][0]);
    }
}

// G7
#[tokio::test]
async fn a_missing_answer_is_asked_for_once_more() {
    for api in ROUTES {
        let server = Server::start([Reply::answer(" \n"), Reply::answer(GOOD)]);
        let user = extract::<User>()
            .api(api)
            .host(server.host())
            .await
            .unwrap();
        assert_eq!(user.age, 25);
        let json = json!({"role": "user", "content": "Give the final answer now, as JSON only, in the form asked for."});
        assert_eq!(follow_ups(&server), [vec![], vec![json]]);

        let server = Server::start([Reply::answer(""), Reply::answer("hello")]);
        let text = extract::<String>()
            .api(api)
            .host(server.host())
            .await
            .unwrap();
        assert_eq!(text, "hello");
        let text = json!({"role": "user", "content": "Give the final answer now."});
        assert_eq!(follow_ups(&server), [vec![], vec![text]]);
    }
}

// G8 G12: each answer after the first carries the latest rejected one only.
#[tokio::test]
async fn answers_are_counted() {
    let check = async |command: Command<User>, answers: &[&str], attempts: u32| {
        let script: Vec<_> = answers.iter().map(|answer| Reply::answer(answer)).collect();
        let server = Server::start(script);
        let error = command.host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput);
        assert_eq!(error.attempts(), attempts);
        assert_eq!(
            error.usage().unwrap().completion_tokens,
            Some(12 * u64::from(attempts))
        );
        assert_eq!(server.requests().len(), answers.len());
        server
    };
    let off = || extract::<User>().auto_finalize_missing_output(false);
    check(off(), &[BAD], 1).await;
    check(extract(), &[BAD, BAD], 2).await;
    check(off().retry(3), &[BAD, BAD, BAD], 3).await;
    let server = check(extract().retry(3), &[BAD, WORSE, BAD, WORSE], 4).await;
    let number = "age: expected an integer, found \"twenty\"";
    assert_eq!(
        follow_ups(&server),
        [
            vec![],
            rejected(BAD, number),
            rejected(WORSE, "missing field `age`"),
            rejected(BAD, number),
        ]
    );
}

#[tokio::test]
async fn what_asking_again_would_not_mend_is_not_asked_again() {
    let check = async |reply: Reply, kind: ErrorKind| {
        let server = Server::start([reply]);
        let command = extract::<User>().retry(5).host(server.host());
        assert_eq!(command.await.unwrap_err().kind(), kind);
        assert_eq!(server.requests().len(), 1);
    };
    check(
        Reply::said(&Said::new("{\"name\":\"J").cut()),
        ErrorKind::Truncated,
    )
    .await;
    check(Reply::error(500, "no"), ErrorKind::Server).await;
}

// What was spent before is not forgotten where a later exchange fails.
#[tokio::test]
async fn a_failure_after_a_rejected_answer_counts_it() {
    let server = Server::start([Reply::answer(BAD), Reply::error(500, "no")]);
    let error = extract::<User>().host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(error.attempts(), 1);
    assert_eq!(error.usage().unwrap().completion_tokens, Some(12));

    let cut = Said::new("{").cut().tokens(67, 4);
    let server = Server::start([Reply::answer(BAD), Reply::said(&cut)]);
    let error = extract::<User>().host(server.host()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the answer was cut off by the limit of tokens, after 4"
    );
    assert_eq!(error.usage().unwrap().completion_tokens, Some(16));
}

// The timeout covers all answers together.
#[tokio::test]
async fn the_timeout_does_not_begin_anew_with_each_answer() {
    let late = Duration::from_millis(400);
    let server = Server::start((0..3).map(|_| Reply::answer(BAD).after(late)));
    let command = extract::<User>().retry(5).timeout(Duration::from_secs(1));
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.attempts(), 2);
}

// What did not fit was the rejected answer, and not the user's prompt.
#[tokio::test]
async fn a_follow_up_that_does_not_fit_leaves_the_first_error() {
    let long = "x".repeat(100_000);
    let overflow = Reply::error(400, "the input length exceeds the context length");
    let server = Server::start([Reply::answer(&long), overflow]);
    let error = extract::<User>().host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOutput);
    assert_eq!(error.attempts(), 1);
    assert_eq!(error.partial_text(), Some(long.as_str()));
    // And only its beginning was sent.
    assert!(server.requests()[1].body.len() < 10_000);
}
