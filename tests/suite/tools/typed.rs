//! Tools and typed answers in one command.

use alloy_runtime::{ErrorKind, Role, command};
use alloy_tests::server::{Reply, Request, Said, Server};
use serde_json::{Value, json};

use super::{add, arguments, messages};
use crate::ROUTES;

#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct Sum {
    total: i64,
}

#[command("What is {a} plus {b}?", model = "ollama:llama3.1", tools(add))]
#[ensure(|sum| sum.total > 0, "the total is above 0")]
async fn sum(a: i64, b: i64) -> Sum;

/// Returns whether a request has tools and whether it has a schema.
fn has(request: &Request) -> (bool, bool) {
    let json = request.json();
    let schema = ["format", "response_format"];
    (
        !json["tools"].is_null(),
        schema.iter().any(|key| !json[key].is_null()),
    )
}

fn call() -> Reply {
    Reply::said(&Said::call("add", arguments(17, 25)))
}

const FINAL: &str = "Give the final answer now, as JSON only, in the form asked for.";

// T3: tool turns have no schema, the typed turn has no tools and counts as the first attempt.
#[tokio::test]
async fn the_typed_turn_follows_the_tool_turns() {
    for api in ROUTES {
        let server = Server::start([
            call(),
            Reply::answer("The result is 42."),
            Reply::answer(r#"{"total": 42}"#),
        ]);
        let command = sum(17, 25).api(api).host(server.host());
        let outcome = command
            .auto_finalize_missing_output(false)
            .outcome()
            .await
            .unwrap();
        assert_eq!(outcome.value, Sum { total: 42 });
        let requests = server.requests();
        let had: Vec<_> = requests.iter().map(has).collect();
        assert_eq!(had, [(true, false), (true, false), (false, true)]);
        // Every request has the format instructions in its system message, so that servers can reuse their prompt cache.
        let systems: Vec<_> = requests
            .iter()
            .map(|request| messages(request)[0].clone())
            .collect();
        assert!(
            systems[0]["content"]
                .as_str()
                .unwrap()
                .contains("\"total\": integer")
        );
        assert!(systems.iter().all(|system| *system == systems[0]));
        let last = messages(&requests[2]);
        let last: Vec<_> = last[4..]
            .iter()
            .map(|message| (&message["role"], &message["content"]))
            .collect();
        let expected = [
            (json!("assistant"), json!("The result is 42.")),
            (json!("user"), json!(FINAL)),
        ];
        let expected: Vec<_> = expected.iter().map(|(role, text)| (role, text)).collect();
        assert_eq!(last, expected);
        // The outcome has both turns.
        let roles_and_contents: Vec<_> = outcome
            .messages
            .iter()
            .map(|message| (message.role, &*message.content))
            .collect();
        assert_eq!(
            roles_and_contents,
            [
                (Role::User, "What is 17 plus 25?"),
                (Role::Assistant, ""),
                (Role::Tool, "42"),
                (Role::Assistant, "The result is 42."),
                (Role::User, FINAL),
                (Role::Assistant, r#"{"total": 42}"#),
            ]
        );
        assert_eq!((outcome.attempts, outcome.requests), (1, 3));
        assert_eq!(outcome.tool_results.len(), 1);
        assert_eq!(outcome.usage.completion_tokens, Some(36));
    }
}

// T3: the typed turn is skipped if the text is the value already, which is common.
#[tokio::test]
async fn a_text_that_is_the_value_needs_no_typed_turn() {
    for api in ROUTES {
        for text in [r#"{"total": 42}"#, "```json\n{\"total\": 42}\n```"] {
            let server = Server::start([call(), Reply::answer(text)]);
            let command = sum(17, 25).api(api).host(server.host());
            assert_eq!(command.await.unwrap(), Sum { total: 42 });
            assert_eq!(server.requests().len(), 2);
        }
        // A model that calls no tool answers in one turn.
        let server = Server::start([Reply::answer(r#"{"total": 42}"#)]);
        let outcome = sum(17, 25)
            .api(api)
            .host(server.host())
            .outcome()
            .await
            .unwrap();
        assert_eq!((outcome.attempts, outcome.requests), (1, 1));
        assert!(outcome.tool_results.is_empty());
    }
}

// T3: an empty text does not become a message.
#[tokio::test]
async fn the_typed_turn_follows_an_empty_text() {
    for api in ROUTES {
        let server = Server::start([
            call(),
            Reply::answer(" \n"),
            Reply::answer(r#"{"total":1}"#),
        ]);
        assert_eq!(
            sum(17, 25)
                .api(api)
                .host(server.host())
                .await
                .unwrap()
                .total,
            1
        );
        let last = messages(&server.requests()[2]);
        assert_eq!(last.len(), 5);
        assert_eq!(last[4]["content"], FINAL);
    }
}

// T3 G7 G12: the retry budget begins with the typed turn.
#[tokio::test]
async fn the_typed_turn_is_reasked_like_any_answer() {
    for api in ROUTES {
        let server = Server::start([
            call(),
            Reply::answer("It is 42."),
            Reply::answer(r#"{"total": "many"}"#),
            Reply::answer(r#"{"total": 0}"#),
            Reply::answer(r#"{"total": -1}"#),
        ]);
        let command = sum(17, 25).api(api).retry(2).host(server.host());
        let error = command.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput);
        assert_eq!(
            (error.attempts(), error.requests(), error.tool_turns()),
            (3, 5, 1)
        );
        let requests = server.requests();
        let had: Vec<_> = requests.iter().map(has).collect();
        assert_eq!(had[2..], [(false, true); 3]);
        let last = messages(&requests[4]);
        // Tool turns stay in the conversation; of the rejected answers only the latest does.
        let contents: Vec<_> = last[1..]
            .iter()
            .map(|message| message["content"].as_str().unwrap())
            .collect();
        assert_eq!(
            contents,
            [
                "What is 17 plus 25?",
                "",
                "42",
                "It is 42.",
                FINAL,
                r#"{"total": 0}"#,
                "That answer was not accepted: the total is above 0.\nAnswer again with the corrected JSON only.",
            ]
        );
    }
}

// T3: after tool calls a model often mentions JSON: a quoted tool result is not the answer, and neither is a truncated
// text. JSON that breaks a condition is re-asked with the reason.
#[tokio::test]
async fn json_within_a_text_is_not_the_answer() {
    let asked_again = "That answer was not accepted: the total is above 0.\nAnswer again with the corrected JSON only.";
    for (said, expected) in [
        (
            Said::new("add gave {\"total\": 3}, but I should call it again"),
            FINAL,
        ),
        (Said::new("Here it is:\n\n{\"total\": 3}"), FINAL),
        (Said::new("It is").cut(), FINAL),
        (Said::new("{\"total\": -1}"), asked_again),
    ] {
        for api in ROUTES {
            let server =
                Server::start([call(), Reply::said(&said), Reply::answer(r#"{"total":42}"#)]);
            let outcome = sum(17, 25)
                .api(api)
                .host(server.host())
                .outcome()
                .await
                .unwrap();
            assert_eq!((outcome.value.total, outcome.attempts), (42, 1));
            let last = messages(&server.requests()[2]);
            assert_eq!(last.last().unwrap()["content"], expected);
        }
    }
}

#[command("Store {a}", model = "ollama:llama3.1", tools(add))]
async fn store(a: i64);

// A command that returns `()` ends with any text of the model.
#[tokio::test]
async fn a_command_that_returns_nothing_has_no_typed_turn() {
    for api in ROUTES {
        let server = Server::start([call(), Reply::answer("Done.")]);
        store(1).api(api).host(server.host()).await.unwrap();
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn the_first_request_has_tools_and_no_schema() {
    let preview = sum(1, 2).preview().unwrap();
    let body: Value = serde_json::from_str(&preview.body).unwrap();
    assert_eq!(body["tools"][0]["function"]["name"], "add");
    assert_eq!(body["format"], Value::Null);
    assert!(
        preview.messages[0]
            .content
            .starts_with("Answer with JSON only")
    );
}

// The reason is unknown, so the text may have been cut; it is no value, and the typed turn asks for one.
#[tokio::test]
async fn the_typed_turn_follows_a_text_that_ends_for_an_unknown_reason() {
    for api in ROUTES {
        let text = match api {
            alloy_runtime::Api::Native => {
                json!({"message": {"content": "The result is"}, "done": true, "done_reason": "tired"})
            }
            _ => {
                json!({"choices": [{"message": {"content": "The result is"}, "finish_reason": "tired"}]})
            }
        };
        let server = Server::start([
            call(),
            Reply::json(200, &text),
            Reply::answer(r#"{"total": 42}"#),
        ]);
        let command = sum(17, 25).api(api).host(server.host());
        let outcome = command.outcome().await.unwrap();
        assert_eq!((outcome.value.total, outcome.requests), (42, 3));
        assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
    }
}
