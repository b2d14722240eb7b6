//! Re-asks after rejected answers: their number, their text and the hooks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy_runtime::{Command, Config, Decision, ErrorKind, Output, command, with_config};
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

/// Returns the messages after the prompt, for each request.
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
async fn an_invalid_answer_is_reasked_with_the_reason() {
    for api in ROUTES {
        let server = Server::start([Reply::answer(BAD), Reply::answer(GOOD)]);
        let command = extract::<User>().api(api).host(server.host());
        let outcome = command.outcome().await.unwrap();
        assert_eq!(outcome.value.age, 25);
        assert_eq!(outcome.attempts, 2);
        assert_eq!(outcome.usage.completion_tokens, Some(24));
        let conversation: Vec<_> = outcome.messages.iter().map(|m| &*m.content).collect();
        assert_eq!(conversation, ["Extract", GOOD]);
        assert_eq!(
            follow_ups(&server),
            [
                vec![],
                rejected(BAD, "age: expected an integer, found \"twenty\"")
            ]
        );
        // The rest of the request is identical, so that servers can reuse their prompt cache.
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
async fn a_missing_answer_is_reasked() {
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

// G8 G12: each re-ask carries only the latest rejected answer.
#[tokio::test]
async fn retries_stop_at_the_limit() {
    let check = async |command: Command<User>, answers: &[&str], attempts: u32| {
        let script: Vec<_> = answers.iter().map(|answer| Reply::answer(answer)).collect();
        let server = Server::start(script);
        let error = command.host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput);
        assert_eq!((error.attempts(), error.requests()), (attempts, attempts));
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
async fn truncated_answers_and_server_errors_are_not_reasked() {
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

// The counters of earlier answers are kept if a later request fails.
#[tokio::test]
async fn an_error_after_a_rejected_answer_includes_its_counters() {
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
        "the answer was cut off at the token limit, after 4 tokens"
    );
    assert_eq!(error.usage().unwrap().completion_tokens, Some(16));
}

#[tokio::test]
async fn the_timeout_covers_all_attempts_together() {
    let late = Duration::from_millis(400);
    let server = Server::start((0..3).map(|_| Reply::answer(BAD).after(late)));
    let command = extract::<User>().retry(5).timeout(Duration::from_secs(1));
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.attempts(), 2);
}

// The rejected answer exceeds the context, not the user's prompt.
#[tokio::test]
async fn a_reask_that_exceeds_the_context_returns_the_first_error() {
    let long = "x".repeat(100_000);
    let overflow = Reply::error(400, "the input length exceeds the context length");
    let server = Server::start([Reply::answer(&long), overflow]);
    let error = extract::<User>().host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOutput);
    assert_eq!(error.attempts(), 1);
    assert_eq!(error.partial_text(), Some(long.as_str()));
    // Only the beginning of the rejected answer was sent.
    assert!(server.requests()[1].body.len() < 10_000);
}

/// Log of hook calls.
#[derive(Clone, Default)]
struct HookLog(Arc<Mutex<Vec<String>>>);

impl HookLog {
    fn push(&self, entry: String) {
        self.0.lock().unwrap().push(entry);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn with_hooks(command: Command<User>, log: &HookLog, decision: Decision) -> Command<User> {
    let (invalid, retries) = (log.clone(), log.clone());
    command
        .on_invalid(move |answer| {
            let (name, attempt) = (answer.command, answer.attempt);
            assert_eq!(answer.error.kind(), ErrorKind::InvalidOutput);
            assert_eq!(answer.error.attempts(), attempt);
            invalid.push(format!(
                "{name} {attempt}: {} {}",
                answer.text, answer.error
            ));
            decision
        })
        .on_retry(move |retry| {
            assert_eq!(retry.error.model(), Some("llama3.1"));
            retries.push(format!(
                "answer {} send {} {:?}",
                retry.attempt, retry.transmission, retry.pause
            ));
        })
}

// G8
#[tokio::test]
async fn hooks_are_called_for_each_rejected_answer_and_each_reask() {
    for api in ROUTES {
        let log = HookLog::default();
        let server = Server::start([BAD, WORSE, GOOD].map(Reply::answer));
        let command = with_hooks(extract().retry(2), &log, Decision::FollowSettings).api(api);
        assert_eq!(command.host(server.host()).await.unwrap().age, 25);
        let bad = format!(
            "extract 1: {BAD} the answer is not a valid `User`: age: expected an integer, found \"twenty\""
        );
        let worse =
            format!("extract 2: {WORSE} the answer is not a valid `User`: missing field `age`");
        assert_eq!(
            log.take(),
            [&bad, "answer 2 send 1 0ns", &worse, "answer 3 send 1 0ns"]
        );
    }
}

// G8 G12
#[tokio::test]
async fn a_hook_can_stop_or_request_up_to_ten_answers() {
    let ends_after = async |command: Command<User>, decision: Decision, answers: usize| {
        let log = HookLog::default();
        let server = Server::start(vec![Reply::answer(BAD); answers]);
        let command = with_hooks(command, &log, decision).host(server.host());
        let error = command.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput);
        assert_eq!(error.attempts() as usize, answers);
        assert_eq!(error.partial_text(), Some(BAD));
        assert_eq!(server.requests().len(), answers);
        assert_eq!(log.take().len(), 2 * answers - 1);
    };
    ends_after(extract().retry(5), Decision::Stop, 1).await;
    let off = || extract().auto_finalize_missing_output(false);
    ends_after(off(), Decision::Retry, 10).await;
    ends_after(extract().retry(5), Decision::Retry, 10).await;
    ends_after(extract().retry(12), Decision::Retry, 13).await;
    ends_after(off().retry(3), Decision::FollowSettings, 3).await;
}

// G8: each hook is resolved on its own: the call's wins over the scope's, the scope's over the process's.
#[tokio::test]
async fn hooks_of_a_config_are_called_unless_a_stronger_layer_sets_them() {
    let log = HookLog::default();
    let config = |who: &'static str| {
        let (invalid, retries) = (log.clone(), log.clone());
        let config = Config::new().on_invalid(move |_| {
            invalid.push(format!("{who} invalid"));
            Decision::FollowSettings
        });
        config.on_retry(move |_| retries.push(format!("{who} retry")))
    };
    assert!(format!("{:?}", config("")).contains("on_invalid: a function, on_retry: a function"));
    let run = async |command: Command<User>| {
        let server = Server::start([BAD, GOOD].map(Reply::answer));
        command.host(server.host()).await.unwrap();
        log.take()
    };
    let scoped = with_config(config("scope"), run(extract())).await;
    assert_eq!(scoped, ["scope invalid", "scope retry"]);
    let mine = log.clone();
    let own = with_config(config("scope"), async {
        run(extract().on_retry(move |_| mine.push("call retry".to_owned()))).await
    });
    assert_eq!(own.await, ["scope invalid", "call retry"]);
    let inner = with_config(
        config("outer"),
        with_config(config("inner"), run(extract())),
    );
    assert_eq!(inner.await, ["inner invalid", "inner retry"]);
    let command = run(extract().config(config("call")));
    assert_eq!(
        with_config(config("scope"), command).await,
        ["call invalid", "call retry"]
    );
}

// G8: a missing answer is rejected as well. Errors that a re-ask cannot fix are not passed to the hook.
#[tokio::test]
async fn hooks_decide_about_missing_answers_but_not_about_failures() {
    let log = HookLog::default();
    let with_hook = |command: Command<String>| {
        let log = log.clone();
        command.on_invalid(move |answer| {
            log.push(format!(
                "{:?} {:?}: {}",
                answer.error.kind(),
                answer.text,
                answer.error
            ));
            Decision::Stop
        })
    };
    let server = Server::start([Reply::answer("")]);
    let error = with_hook(extract()).host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Empty);
    assert_eq!(
        log.take(),
        ["Empty \"\": model `llama3.1` gave an empty answer"]
    );
    for reply in [Reply::error(500, "no"), Reply::said(&Said::new("a").cut())] {
        let server = Server::start([reply]);
        with_hook(extract()).host(server.host()).await.unwrap_err();
        assert_eq!(log.take(), [""; 0]);
    }
}

// G8 E2
#[tokio::test]
async fn on_retry_is_called_for_each_retransmission_and_reask() {
    let log = HookLog::default();
    let busy = || Reply::error(503, "busy");
    let server = Server::start([busy(), Reply::answer(BAD), busy(), Reply::answer(GOOD)]);
    let mine = log.clone();
    let command = extract::<User>().on_retry(move |next| {
        assert_eq!(
            next.pause >= Duration::from_millis(100),
            next.transmission > 1
        );
        let (attempts, sends) = (next.error.attempts(), next.error.requests());
        mine.push(format!(
            "{} answer {} send {} after {attempts} answers and {sends} sends: {}",
            next.command, next.attempt, next.transmission, next.error
        ));
    });
    let outcome = command.host(server.host()).outcome().await.unwrap();
    assert_eq!((outcome.attempts, outcome.requests), (2, 4));
    let host = server.host();
    let busy = format!("the server at http://{host} is too busy (status 503): busy");
    let bad = "the answer is not a valid `User`: age: expected an integer, found \"twenty\"";
    assert_eq!(
        log.take(),
        [
            format!("extract answer 1 send 2 after 0 answers and 1 sends: {busy}"),
            format!("extract answer 2 send 1 after 1 answers and 2 sends: {bad}"),
            format!("extract answer 2 send 2 after 1 answers and 3 sends: {busy}"),
        ]
    );
}

#[command("Extract", model = "ollama:llama3.1")]
#[ensure(|user| user.age < 130, "age must be below 130")]
#[ensure(|user: &User| !user.name.is_empty(), "name must not be empty.")]
async fn checked() -> User;

#[command("Extract", model = "ollama:llama3.1")]
#[ensure(is_french, "must be in French")]
async fn french() -> String;

fn is_french(text: &str) -> bool {
    text.contains("Bonjour")
}

// G11
#[tokio::test]
async fn a_failed_condition_is_an_invalid_answer() {
    for api in ROUTES {
        let old = r#"{"name":"","age":200}"#;
        let server = Server::start([old, GOOD].map(Reply::answer));
        let outcome = checked()
            .api(api)
            .host(server.host())
            .outcome()
            .await
            .unwrap();
        assert_eq!((outcome.value.age, outcome.attempts), (25, 2));
        let both = "age must be below 130; name must not be empty";
        assert_eq!(follow_ups(&server), [vec![], rejected(old, both)]);

        let server = Server::start([old, old].map(Reply::answer));
        let error = checked().api(api).host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput);
        assert_eq!(
            error.to_string(),
            "the answer is not a valid `User`: age must be below 130; name must not be empty."
        );
        assert_eq!((error.path(), error.excerpt()), (None, Some(old)));
    }
    // Conditions are checked only for answers that parse as a value.
    let server = Server::start([BAD, GOOD].map(Reply::answer));
    checked().host(server.host()).await.unwrap();
    assert_eq!(
        follow_ups(&server)[1],
        rejected(BAD, "age: expected an integer, found \"twenty\"")
    );
}

// G11: the re-ask for a text does not mention JSON.
#[tokio::test]
async fn a_failed_condition_on_a_text_is_reasked() {
    let server = Server::start(["Hello", "Bonjour"].map(Reply::answer));
    assert_eq!(french().host(server.host()).await.unwrap(), "Bonjour");
    let asked = "That answer was not accepted: must be in French.\nAnswer again.";
    assert_eq!(
        follow_ups(&server)[1],
        [
            json!({"role": "assistant", "content": "Hello"}),
            json!({"role": "user", "content": asked}),
        ]
    );
}
