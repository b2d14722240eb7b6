//! Extraction: where the JSON of an answer is found, and where it is not searched for.

use alloy_runtime::ErrorKind;
use alloy_tests::server::{Reply, Said, Server};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{AROUND, USER, User, answer, reads, rejects, user};
use crate::ROUTES;

// G4
#[tokio::test]
async fn text_around_the_json_is_removed() {
    let check = async |text: &str, repairs: &[&str]| {
        let text = text.replace("USER", USER);
        reads(Said::new(&text), user(), repairs).await;
    };
    check("USER", &[]).await;
    check(" \n USER\n", &[]).await;
    check("```json\nUSER\n```", &[AROUND]).await;
    check("Here is {the} user:\n\nUSER\n\nIs there more?", &[AROUND]).await;
    check("{USER", &["a doubled brace was left out"]).await;
    check("{ USER }", &["a doubled brace was left out"]).await;
    let thought = "thinking text was left out of the answer";
    check("<think>\nHm, {}.\n</think>\nUSER", &[thought]).await;
    check("Hm.\n</think>\nUSER", &[thought]).await;
    check("<think>x</think>```\nUSER\n```", &[thought, AROUND]).await;
}

// G4
#[tokio::test]
async fn the_answer_is_found_in_the_thinking_field() {
    let said = Said::new("").thinking(USER);
    reads(said, user(), &["the answer was found in the thinking text"]).await;
}

#[tokio::test]
async fn thinking_is_removed_from_a_text() {
    let text = "<think>A greeting, then.</think>\n\nHello!";
    reads(
        Said::new(text),
        "Hello!".to_owned(),
        &["thinking text was left out of the answer"],
    )
    .await;
    let quoted = "Write `</think>` to end it.";
    reads(Said::new(quoted), quoted.to_owned(), &[]).await;
}

// A follow-up must not show the model its thinking as a message that it wrote.
#[tokio::test]
async fn inline_thinking_is_separated_on_both_routes() {
    let text = "<think>A greeting, then.</think>\n\nHello!";
    for api in ROUTES {
        let server = Server::start([Reply::answer(text)]);
        let command = answer::<String>().api(api).host(server.host());
        let outcome = command.outcome().await.unwrap();
        assert_eq!(outcome.text, "Hello!");
        assert_eq!(outcome.thinking.as_deref(), Some("A greeting, then."));
        let last = outcome.messages.last().unwrap();
        assert_eq!(last.content, "Hello!");
        assert_eq!(last.thinking, outcome.thinking);
    }
}

// Nothing follows the thinking, so it may contain the answer, like the field for thinking.
#[tokio::test]
async fn the_answer_is_found_in_inline_thinking_that_nothing_follows() {
    let said = Said::new(&format!("<think>{USER}</think>"));
    let repairs = [
        "thinking text was left out of the answer",
        "the answer was found in the thinking text",
    ];
    reads(said, user(), &repairs).await;
}

// A draft in the thinking is not the answer.
#[tokio::test]
async fn json_in_the_thinking_is_not_the_answer() {
    for text in [
        r#"<think>maybe {"name":"Wrong","age":1}? no, I need to"#,
        "<think>a</think><think>{\"name\":\"draft\",\"age\":9}</think>\n I cannot say",
        "<think>a<think>b</think>c {\"name\":\"draft\",\"age\":9} </think>\nno answer",
    ] {
        let server = Server::start([Reply::answer(text)]);
        let command = answer::<User>().auto_finalize_missing_output(false);
        let error = command.host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput, "{text}");
    }
    let thought = "thinking text was left out of the answer";
    let nested = format!("<think>a<think>b</think>c {{}} </think>\n{USER}");
    reads(Said::new(&nested), user(), &[thought]).await;
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Node {
    name: String,
    parent: Option<Box<Node>>,
}

// A value nested in a malformed answer is not the answer.
#[tokio::test]
async fn values_inside_malformed_json_are_not_the_answer() {
    let inner = r#"{"name":"Alice","spouse":{"name":"Bob","age":30},"age":29,}"#;
    rejects::<User>(inner, "not JSON: trailing comma at line 1 column 59").await;
    let chain = r#"{"name":"child","parent":{"name":"root","parent":null},}"#;
    rejects::<Node>(chain, "not JSON: trailing comma at line 1 column 56").await;
    for text in [
        r#"{"draft":[1,2,3], "value": nope}"#,
        "I considered [1] as source. The answer: 1, 2",
        r#"{"value":[1]"#,
    ] {
        let server = Server::start([Reply::answer(text)]);
        let command = answer::<Vec<u8>>().auto_finalize_missing_output(false);
        let error = command.host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput, "{text}");
    }
    let deep = (0..200).fold("null".to_owned(), |parent, depth| {
        format!(r#"{{"name":"{depth}","parent":{parent}}}"#)
    });
    let server = Server::start([Reply::answer(&deep)]);
    let command = answer::<Node>().auto_finalize_missing_output(false);
    let error = command.host(server.host()).await.unwrap_err();
    assert!(error.to_string().contains("recursion limit"), "{error}");
    // An answer cut by the token limit is reported as truncated.
    for api in ROUTES {
        let cut = Said::new(r#"{"name":"Alice","spouse":{"name":"Bob","age":30},"ag"#).cut();
        let server = Server::start([Reply::said(&cut)]);
        let error = answer::<User>()
            .api(api)
            .host(server.host())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated);
    }
    // A list on its own lines between sentences is accepted.
    reads(
        Said::new("The numbers:\n[1, 2]\nThat is all."),
        vec![1_u8, 2],
        &[
            AROUND,
            "the bare value was taken for the one that was asked for",
        ],
    )
    .await;
}

#[tokio::test]
async fn hostile_answers_are_rejected_quickly() {
    let hostile = [
        "{".repeat(1_000_000),
        r#"{"a":"#.repeat(100_000),
        "[{} ".repeat(200_000),
        "</think>".repeat(100_000),
    ];
    for text in hostile {
        let server = Server::start([Reply::answer(&text)]);
        let command = answer::<User>().auto_finalize_missing_output(false);
        let error = command.host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOutput);
    }
}
