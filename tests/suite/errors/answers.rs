//! Rejected answers of a model: invalid, truncated, empty or refused.

use alloy_runtime::{Api, Error, ErrorKind};
use alloy_tests::server::{Reply, Said, Server, chat};
use expect_test::expect;
use serde_json::json;

use super::{User, answer, check, error_of, error_on, shown};

#[tokio::test]
async fn an_invalid_answer_reports_type_path_problem_excerpt_and_attempts() {
    let error = check::<User>(
        Reply::answer(r#"{"name":"Jason","age":"twenty"}"#),
        ErrorKind::InvalidOutput,
        expect![[r#"
            the answer is not a valid `User`: age: expected an integer, found "twenty"
              found: {"name":"Jason","age":"twenty"}
              after: 1 answer of the model
              command: answer
              help: Say in the prompt, or in the doc comments of the type's fields, what belongs there; allow more answers (`retry`); or try a larger model."#]],
    )
    .await;
    assert_eq!(error.path(), Some("age"));
    assert_eq!(error.excerpt(), Some(r#"{"name":"Jason","age":"twenty"}"#));
    assert_eq!(
        error.partial_text(),
        Some(r#"{"name":"Jason","age":"twenty"}"#)
    );
    assert_eq!(error.attempts(), 1);
    assert_eq!(error.usage().unwrap().completion_tokens, Some(12));
}

#[tokio::test]
async fn the_alternate_debug_format_has_every_field() {
    let error = error_of::<User>(Reply::answer("[]")).await;
    let text = format!("{error:#?}");
    for piece in [
        "kind: InvalidOutput",
        "attempts: 1",
        "model: Some(",
        "usage: Some(",
        "source: None",
    ] {
        assert!(text.contains(piece), "{piece} in {text}");
    }
}

// Errors quote models and servers in many places. Each quotation is truncated and sanitized.
#[tokio::test]
async fn quoted_text_is_truncated_and_has_no_control_characters() {
    #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
    enum Word {
        Yes,
    }
    type Map = std::collections::BTreeMap<String, u8>;
    let long = "x".repeat(100_000);
    let evil = format!("\\u001b[31m\\u202e{long}");
    let mut errors = vec![
        error_of::<Word>(Reply::answer(&format!(r#"{{"value":"{evil}"}}"#))).await,
        error_of::<Map>(Reply::answer(&format!(r#"{{"{evil}":"x"}}"#))).await,
        error_of::<User>(Reply::answer(&format!(r#"{{"name":"a","age":"{evil}"}}"#))).await,
        error_on::<User>(
            Api::Native,
            Reply::body(200, "application/json", format!("{{\"done\":\"{long}\"}}")),
        )
        .await,
        error_of::<User>(Reply::error(500, &format!("\u{1b}[31m{long}"))).await,
    ];
    let near = format!("llama3.1:\u{1b}[31m{}", "x".repeat(400));
    let server = Server::with_models(&[&near], [Reply::error(404, "model 'llama3.1' not found")]);
    errors.push(answer::<User>().host(server.host()).await.unwrap_err());
    for error in errors {
        let shown = format!("{error}\n{error:?}\n{}", error.help()).replace('\n', " ");
        assert!(
            !shown.contains(|c: char| c.is_control() || c == '\u{202e}'),
            "{shown:?}"
        );
        assert!(shown.len() < 3000, "{}: {shown}", shown.len());
    }
}

#[tokio::test]
async fn a_list_is_not_a_struct_and_a_wrapped_value_is_required() {
    let check = async |error: Error, expected: &str| assert_eq!(error.to_string(), expected);
    check(
        error_of::<User>(Reply::answer(r#"["Jason",25]"#)).await,
        "the answer is not a valid `User`: expected an object, found a list",
    )
    .await;
    check(
        error_of::<u8>(Reply::answer("[5]")).await,
        "the answer is not a valid `u8`: expected an integer, found a list",
    )
    .await;
    check(
        error_of::<Option<u8>>(Reply::answer(r#"{"valeu":5}"#)).await,
        "the answer is not a valid `Option<u8>`: expected an integer or null, found an object with `valeu`",
    )
    .await;
}

#[tokio::test]
async fn error_paths_start_at_the_output_type() {
    let check = async |error: Error, path: Option<&str>, expected: &str| {
        assert_eq!(error.kind(), ErrorKind::InvalidOutput, "{error:?}");
        assert_eq!(error.path(), path, "{error:?}");
        assert_eq!(error.to_string(), expected);
    };
    check(
        error_of::<Vec<User>>(Reply::answer(
            r#"{"value":[{"name":"a","age":1},{"name":"b","age":300}]}"#,
        ))
        .await,
        Some("[1].age"),
        "the answer is not a valid `Vec<User>`: [1].age: expected an integer from 0 to 255, found 300",
    )
    .await;
    check(
        error_of::<User>(Reply::answer(r#"{"name":"a"}"#)).await,
        None,
        "the answer is not a valid `User`: missing field `age`",
    )
    .await;
    check(
        error_of::<f64>(Reply::answer(r#"{"value":"dear"}"#)).await,
        None,
        "the answer is not a valid `f64`: expected a number, found \"dear\"",
    )
    .await;
    check(
        error_of::<User>(Reply::answer("I cannot help with that.")).await,
        None,
        "the answer is not a valid `User`: expected JSON, found none",
    )
    .await;
    check(
        error_of::<User>(Reply::answer(
            r#"{"name":"a","age":1} {"name":"b","age":2}"#,
        ))
        .await,
        None,
        "the answer is not a valid `User`: expected one JSON value, found two, and they differ",
    )
    .await;
}

#[tokio::test]
async fn a_deeply_nested_answer_is_invalid() {
    let error = error_of::<serde_json::Value>(Reply::answer(&"[".repeat(100_000))).await;
    assert_eq!(error.kind(), ErrorKind::InvalidOutput);
    assert!(
        error.to_string().contains("recursion limit exceeded"),
        "{error}"
    );
}

fn cut(answer: &str) -> Reply {
    Reply::said(&Said::new(answer).cut().tokens(67, 4))
}

#[tokio::test]
async fn a_truncated_answer_carries_the_partial_text() {
    let error = check::<User>(
        cut("{\"name\":\"J"),
        ErrorKind::Truncated,
        expect![[r#"
            the answer was cut off at the token limit, after 4 tokens
              after: 1 answer of the model
              command: answer
              help: No `max_tokens` is set, so the answer filled the model's context: set the option `num_ctx` for a larger one (on `openai_chat`, OLLAMA_CONTEXT_LENGTH on the server), shorten the prompt, or ask for a shorter answer. Thinking counts too."#]],
    )
    .await;
    // With a limit of the command, the limit is what cut it.
    let server = Server::start([cut("Once there ")]);
    let limited = alloy_runtime::ask("Tell a story.")
        .model("ollama:m")
        .max_tokens(4);
    let limited = limited.host(server.host()).await.unwrap_err();
    let help = "Raise `max_tokens`, or ask for a shorter answer. Thinking counts too.";
    assert_eq!(limited.help(), help);
    assert_eq!(error.partial_text(), Some("{\"name\":\"J"));
    let error = error_of::<String>(cut("Once there ")).await;
    assert_eq!(
        (error.kind(), error.partial_text()),
        (ErrorKind::Truncated, Some("Once there "))
    );
    assert_eq!(error_of::<User>(cut("")).await.kind(), ErrorKind::Truncated);
}

#[tokio::test]
async fn a_complete_answer_at_the_token_limit_is_accepted() {
    let server = Server::start([cut(r#"{"name":"J","age":1}"#)]);
    assert_eq!(answer::<User>().host(server.host()).await.unwrap().age, 1);
}

#[tokio::test]
async fn an_empty_answer_is_an_error() {
    check::<User>(
        Reply::answer(" \n"),
        ErrorKind::Empty,
        expect![[r#"
            model `llama3.1` gave an empty answer
              after: 1 answer of the model
              command: answer
              help: Say more plainly in the prompt what to answer, or try another model. A thinking model may have spent its `max_tokens` on thinking."#]],
    )
    .await;
    assert_eq!(
        error_of::<String>(Reply::answer(" \n")).await.kind(),
        ErrorKind::Empty
    );
}

// G9
#[tokio::test]
async fn a_refusal_is_an_error() {
    let mut body = Said::new("").openai_chat();
    body["choices"][0]["message"]["refusal"] = json!("I cannot help with that.");
    let error = error_on::<User>(Api::OpenaiChat, Reply::json(200, &body)).await;
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(
        error.to_string(),
        "model `llama3.1` refused to answer: I cannot help with that."
    );
}

#[tokio::test]
async fn an_unfinished_reply_is_interrupted() {
    let mut body = chat("Once upon");
    body["done"] = json!(false);
    let native = error_on::<String>(Api::Native, Reply::json(200, &body)).await;
    let mut body = Said::new("Once upon").openai_chat();
    body["choices"][0]["finish_reason"] = json!(null);
    let compatible = error_on::<String>(Api::OpenaiChat, Reply::json(200, &body)).await;
    for error in [native, compatible] {
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        assert_eq!(error.partial_text(), Some("Once upon"));
        expect![[r#"
            model `llama3.1` was stopped in the middle of its answer; the server gave no reason
              command: answer
              help: Set `max_tokens`, another temperature or the option `repeat_penalty`: Ollama stops a model that repeats one token without end. On `openai_chat` a crashed runner looks the same; the server's log shows it. `partial_text()` has the text so far."#]]
        .assert_eq(&shown(&error));
    }
}
