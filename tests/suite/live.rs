//! Against a real server: off unless `ALLOY_TEST_OLLAMA` names one and `ALLOY_TEST_MODEL` a model that
//! it has. What a model answers is its own affair: these tests hold types, protocol and behaviour.

use alloy_runtime::{Error, ErrorKind, FinishReason, Output, command};
use schemars::JsonSchema;
use serde::Deserialize;

/// The server and the model, or `None` with a word on standard error.
fn live() -> Option<(String, String)> {
    let read = |name| std::env::vars().find_map(|(known, value)| (known == name).then_some(value));
    let live = read("ALLOY_TEST_OLLAMA").zip(read("ALLOY_TEST_MODEL"));
    if live.is_none() {
        eprintln!("skipped: set ALLOY_TEST_OLLAMA and ALLOY_TEST_MODEL to run it");
    }
    live
}

#[command("{prompt}", temperature = 0.0)]
async fn ask<T: Output>(prompt: &str) -> T;

async fn answer<T: Output>(prompt: &str) -> Option<Result<T, Error>> {
    let (host, model) = live()?;
    Some(ask::<T>(prompt).model(model).host(host).await)
}

#[derive(Debug, Deserialize, JsonSchema)]
struct User {
    name: String,
    age: u8,
}

#[tokio::test]
async fn a_user_is_extracted() {
    if let Some(user) = answer::<User>("Extract: Jason is 25 years old").await {
        let user = user.unwrap();
        assert_eq!((user.name.as_str(), user.age), ("Jason", 25));
    }
}

#[tokio::test]
async fn a_list_of_users_is_extracted() {
    if let Some(users) =
        answer::<Vec<User>>("Extract the users: Jason is 25, Sarah is 30 and Tom is 41.").await
    {
        assert_eq!(users.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn text_has_usage_timings_and_a_finish_reason() {
    let Some((host, model)) = live() else { return };
    let outcome = ask::<String>("Say hello")
        .model(model)
        .host(host)
        .outcome()
        .await
        .unwrap();
    assert!(!outcome.text.trim().is_empty());
    assert!(outcome.usage.prompt_tokens.is_some() && outcome.usage.completion_tokens.is_some());
    assert!(outcome.timings.total.is_some());
    assert_eq!(outcome.finish_reason, Some(FinishReason::Stop));
}

#[tokio::test]
async fn every_shape_of_schema_is_accepted() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Sentiment {
        Positive,
        Negative,
        Neutral,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only that it can be read matters")]
    struct Many {
        sentiment: Option<Sentiment>,
        #[schemars(length(max = 2))]
        pairs: Vec<(u8, bool)>,
        #[schemars(range(min = 1, max = 5))]
        stars: i32,
        #[schemars(length(max = 10))]
        note: String,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only that it can be read matters")]
    struct Node {
        #[schemars(length(max = 5))]
        name: String,
        #[schemars(length(max = 1))]
        children: Vec<Node>,
    }
    // A small model may run on to its limit; whatever else goes wrong is the schema's fault.
    let check = |error: Option<Error>| {
        if let Some(error) = error {
            assert_eq!(error.kind(), ErrorKind::Truncated, "{error:?}");
        }
    };
    check(
        answer::<Sentiment>("Classify the sentiment: I love this phone")
            .await
            .and_then(Result::err),
    );
    check(
        answer::<f64>("Extract the price: This item costs $49.99.")
            .await
            .and_then(Result::err),
    );
    check(
        answer::<Option<u8>>("Extract the age: Jason is 25")
            .await
            .and_then(Result::err),
    );
    check(
        answer::<(String, u8)>("Extract: Jason is 25")
            .await
            .and_then(Result::err),
    );
    check(
        answer::<Many>("Extract: I love this phone")
            .await
            .and_then(Result::err),
    );
    check(
        answer::<serde_json::Value>("Extract: Jason is 25 years old")
            .await
            .and_then(Result::err),
    );
    if let Some((host, model)) = live() {
        let node = ask::<Node>("Extract the tree")
            .model(model)
            .host(host)
            .max_tokens(200)
            .await;
        check(node.err());
    }
}

#[tokio::test]
async fn a_limit_of_tokens_cuts() {
    let Some((host, model)) = live() else { return };
    let error = ask::<User>("Extract: Jason is 25 years old")
        .max_tokens(2)
        .model(model)
        .host(host)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(error.usage().unwrap().completion_tokens, Some(2));
}

#[tokio::test]
async fn a_missing_model_is_named_with_its_neighbours() {
    let Some((host, model)) = live() else { return };
    let missing = format!("{model}x");
    let error = ask::<String>("Say hello")
        .model(&missing)
        .host(host)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModelNotFound);
    assert!(
        error
            .to_string()
            .contains(&format!("ollama pull {}", error.model().unwrap())),
        "{error}"
    );
}

// E5
#[tokio::test]
async fn a_prompt_that_is_too_long_is_an_error() {
    if let Some(answer) = answer::<String>(&"word ".repeat(200_000)).await {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::ContextOverflow);
    }
}
