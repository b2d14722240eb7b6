//! Tests against a real server, on both routes. They are skipped unless `ALLOY_TEST_OLLAMA` names the
//! server and `ALLOY_TEST_MODEL` one of its models. `ALLOY_TEST_GPT_OSS` optionally names a model whose
//! name contains `gpt-oss`. Answers vary between models, so most tests check only types, protocol and
//! behaviour.

use std::fmt::Debug;
use std::future::Future;

use alloy_runtime::{
    Api, Command, Config, Error, ErrorKind, FinishReason, Output, Warning, command, models, tool,
    with_config,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{ROUTES, types};

fn variable(name: &str) -> Option<String> {
    std::env::vars().find_map(|(known, value)| (known == name).then_some(value))
}

/// Returns the server and the model, or prints why the test is skipped and returns `None`.
fn live() -> Option<(String, String)> {
    let live = variable("ALLOY_TEST_OLLAMA").zip(variable("ALLOY_TEST_MODEL"));
    if live.is_none() {
        eprintln!("skipped: set ALLOY_TEST_OLLAMA and ALLOY_TEST_MODEL to run this test");
    }
    live
}

#[command("{prompt}", temperature = 0.0)]
async fn ask<T: Output>(prompt: &str) -> T;

/// Runs `check` with a command on each route, if a server is configured.
async fn on_both<T: Output, F: Future<Output = ()>>(
    prompt: &str,
    check: impl Fn(Api, Command<T>) -> F,
) {
    if let Some((host, model)) = live() {
        for api in ROUTES {
            let command = ask::<T>(prompt).model(&model).host(&host).api(api);
            check(api, command).await;
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct User {
    name: String,
    age: u8,
}

#[tokio::test]
async fn a_user_is_extracted() {
    on_both("Extract: Jason is 25 years old", async |_, command| {
        let user: User = command.await.unwrap();
        assert_eq!((user.name.as_str(), user.age), ("Jason", 25));
    })
    .await;
}

#[tokio::test]
async fn a_list_of_users_is_extracted() {
    let prompt = "Extract the users: Jason is 25, Sarah is 30 and Tom is 41.";
    on_both(prompt, async |_, command: Command<Vec<User>>| {
        assert_eq!(command.await.unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn text_has_usage_timings_and_a_finish_reason() {
    on_both("Say hello", async |api, command: Command<String>| {
        let outcome = command.outcome().await.unwrap();
        assert!(!outcome.text.trim().is_empty());
        assert!(outcome.usage.prompt_tokens.is_some() && outcome.usage.completion_tokens.is_some());
        assert_eq!(outcome.timings.total.is_some(), api == Api::Native);
        assert_eq!(outcome.finish_reason, Some(FinishReason::Stop));
        assert_eq!(outcome.route.api(), Some(api));
    })
    .await;
}

#[tokio::test]
async fn a_gpt_oss_model_uses_the_compatible_endpoint() {
    let (Some((host, _)), Some(model)) = (live(), variable("ALLOY_TEST_GPT_OSS")) else {
        eprintln!("skipped: set ALLOY_TEST_GPT_OSS to run this test");
        return;
    };
    let command = ask::<User>("Extract: Jason is 25 years old")
        .model(model)
        .host(host);
    let outcome = command.outcome().await.unwrap();
    assert_eq!(outcome.route.api(), Some(Api::OpenaiChat));
    assert_eq!(outcome.value.age, 25);
}

#[tokio::test]
async fn every_setting_is_accepted() {
    on_both("Say hello", async |api, command: Command<String>| {
        let command = command
            .system("Be brief.")
            .max_tokens(200)
            .think(false)
            .keep_alive(std::time::Duration::from_mins(1))
            .option("num_ctx", 2048)
            .option("seed", 7)
            .option("stop", "THE END")
            .option("top_k", 40)
            .option("top_p", 0.9);
        let outcome = command.outcome().await.unwrap();
        let not_sent = |warning: &Warning| matches!(warning, Warning::UnsupportedByProtocol { .. });
        let expected = if api == Api::Native { 0 } else { 3 };
        assert_eq!(
            outcome.warnings.iter().filter(|one| not_sent(one)).count(),
            expected
        );
    })
    .await;
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
    #[allow(dead_code, reason = "only deserialization is tested")]
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
    #[allow(dead_code, reason = "only deserialization is tested")]
    struct Node {
        #[schemars(length(max = 5))]
        name: String,
        #[schemars(length(max = 1))]
        children: Vec<Node>,
    }
    // A small model may reach its token limit. Any other error points to the schema.
    async fn check<T: Output>(prompt: &str) {
        on_both(prompt, async |_, command: Command<T>| {
            if let Err(error) = command.max_tokens(200).await {
                assert_eq!(error.kind(), ErrorKind::Truncated, "{error:?}");
            }
        })
        .await;
    }
    check::<Sentiment>("Classify the sentiment: I love this phone").await;
    check::<f64>("Extract the price: This item costs $49.99.").await;
    check::<Option<u8>>("Extract the age: Jason is 25").await;
    check::<(String, u8)>("Extract: Jason is 25").await;
    check::<Many>("Extract: I love this phone").await;
    check::<serde_json::Value>("Extract: Jason is 25 years old").await;
    check::<Node>("Extract the tree").await;
}

#[tokio::test]
async fn a_token_limit_truncates_the_answer() {
    on_both(
        "Extract: Jason is 25 years old",
        async |_, command: Command<User>| {
            let error = command.max_tokens(2).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Truncated);
            assert_eq!(error.usage().unwrap().completion_tokens, Some(2));
        },
    )
    .await;
}

#[tokio::test]
async fn a_missing_model_error_suggests_other_models() {
    let Some((_, model)) = live() else { return };
    on_both("Say hello", async |_, command: Command<String>| {
        let error = command.model(format!("{model}x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ModelNotFound);
        let pull = format!("ollama pull {}", error.model().unwrap());
        assert!(error.to_string().contains(&pull), "{error}");
        assert!(error.to_string().contains("or use"), "{error}");
    })
    .await;
}

// E5
#[tokio::test]
async fn a_prompt_that_is_too_long_is_an_error_or_a_warning() {
    let prompt = "word ".repeat(200_000);
    on_both(&prompt, async |api, command: Command<String>| {
        let command = command.max_tokens(4).outcome().await;
        match (api, command) {
            (Api::Native, command) => {
                assert_eq!(command.unwrap_err().kind(), ErrorKind::ContextOverflow);
            }
            (_, Ok(outcome)) => assert!(
                matches!(outcome.warnings[..], [Warning::ContextFull { .. }]),
                "{:?}",
                outcome.warnings
            ),
            (_, Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::ContextOverflow, "{error:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_conversation_continues_from_its_history() {
    on_both("Say hello", async |_, command: Command<String>| {
        let first = command.outcome().await.unwrap();
        let (host, model) = live().unwrap();
        let next = ask::<String>("Say it again")
            .model(model)
            .host(host)
            .api(first.route.api().unwrap())
            .history(first.messages);
        assert!(!next.await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_image_that_the_model_cannot_read_is_an_error() {
    let Some((host, model)) = live() else { return };
    let scope = Config::new().host(&host);
    let installed = with_config(scope, models()).await.unwrap();
    assert!(installed.iter().any(|known| known.name.starts_with(&model)));
    on_both("Look", async |_, command: Command<String>| {
        // A vision model fails as well: the bytes are not a complete image.
        let error = command.image(*b"\x89PNG\r\n\x1a\n").await.unwrap_err();
        let expected = [ErrorKind::Capability, ErrorKind::Server];
        assert!(expected.contains(&error.kind()), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn unsupported_thinking_is_an_error() {
    on_both("Say hello", async |_, command: Command<String>| {
        let thought: Result<String, Error> = command.think(true).await;
        if let Err(error) = thought {
            assert_eq!(error.kind(), ErrorKind::Capability);
        }
    })
    .await;
}

/// Requests an example of each type.
struct Examples {
    host: String,
    model: String,
    api: Api,
}

impl types::Visit for Examples {
    async fn row<T: Output + Debug>(&mut self, _reads: &[&str], _refuses: &[&str]) {
        let command = ask::<T>("Give an example.")
            .model(&self.model)
            .host(&self.host);
        let command = command
            .api(self.api)
            .max_tokens(120)
            .auto_finalize_missing_output(false);
        // A small model may answer anything, even an endless text. If it began an answer, the server
        // accepted the schema.
        let name = std::any::type_name::<T>();
        match command.await {
            Ok(value) => eprintln!("{name}: {value:?}"),
            Err(error) => {
                eprintln!("{name}: {error}");
                let began = error.partial_text().is_some() || error.kind() == ErrorKind::Empty;
                assert!(began, "{name}: {error:?}");
            }
        }
    }
}

// G2: a real server accepts each schema of the table.
#[tokio::test]
async fn the_schema_of_each_type_is_accepted() {
    if let Some((host, model)) = live() {
        for api in ROUTES {
            let (host, model) = (host.clone(), model.clone());
            types::each(&mut Examples { host, model, api }).await;
        }
    }
}

// S1 S5: the chunks of a stream add up to the answer.
#[tokio::test]
async fn a_text_is_streamed() {
    on_both(
        "Write a haiku about the sea.",
        async |api, command: Command<String>| {
            let mut stream = command.option("seed", 7).stream();
            let mut pieces = Vec::new();
            while let Some(piece) = stream.next().await {
                pieces.push(piece.unwrap());
            }
            let summary = stream.summary().unwrap();
            assert!(pieces.len() > 1, "{pieces:?}");
            assert_eq!(pieces.concat(), summary.text);
            assert!(summary.usage.completion_tokens.is_some());
            assert_eq!(summary.timings.total.is_some(), api == Api::Native);
            assert_eq!(summary.finish_reason, Some(FinishReason::Stop));
        },
    )
    .await;
}

// S5: dropping a stream ends the generation, so the next command does not wait for it.
#[tokio::test]
async fn dropping_a_stream_ends_the_generation() {
    let prompt = "Count from one to a thousand, one number a line.";
    on_both(prompt, async |_, command: Command<String>| {
        let mut stream = command.max_tokens(100_000).stream();
        assert!(stream.next().await.unwrap().is_ok());
        drop(stream);
    })
    .await;
    on_both("Say hello", async |_, command: Command<String>| {
        let timeout = std::time::Duration::from_mins(1);
        assert!(!command.timeout(timeout).await.unwrap().is_empty());
    })
    .await;
}

// S5: silence while the model loads does not end a stream.
#[tokio::test]
async fn a_stream_waits_until_the_model_is_loaded() {
    on_both("Say hello", async |api, command: Command<String>| {
        if api == Api::Native {
            let unload = std::time::Duration::ZERO;
            let (host, model) = live().unwrap();
            let last = ask::<String>("Say hello").model(model).host(host);
            last.keep_alive(unload).await.unwrap();
        }
        let mut stream = command
            .idle_timeout(std::time::Duration::from_secs(30))
            .stream();
        while let Some(piece) = stream.next().await {
            piece.unwrap();
        }
        assert!(stream.summary().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_truncated_stream_ends_with_an_error() {
    on_both("Tell a long story.", async |_, command: Command<String>| {
        let mut stream = command.max_tokens(3).stream();
        let mut text = String::new();
        let error = loop {
            match stream.next().await.expect("the stream ends with an error") {
                Ok(piece) => text += &piece,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::Truncated, "{error:?}");
        assert_eq!(error.partial_text(), Some(text.as_str()));
        assert!(stream.next().await.is_none());
    })
    .await;
}

/// Add two integers.
#[tool]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Multiply two integers.
#[tool]
fn multiply(a: i64, b: i64) -> i64 {
    a * b
}

/// The weather in a city.
#[tool]
async fn get_weather(city: String) -> String {
    tokio::task::yield_now().await;
    format!("sunny in {city}")
}

/// Add two integers.
#[tool]
#[require(b != 25, "b must not be 25")]
fn add_some(a: i64, b: i64) -> alloy_runtime::Result<i64> {
    Ok(a + b)
}

// T2: the documentation of the model promises these calls and answers.
#[tokio::test]
async fn tools_are_called_over_several_turns() {
    on_both(
        "What is 17 plus 25?",
        async |_, command: Command<String>| {
            let outcome = command.tool(add::tool()).outcome().await.unwrap();
            assert_eq!(outcome.tool_results[0].content, "42");
            assert!(outcome.value.contains("42"), "{}", outcome.value);
        },
    )
    .await;
    let prompt = "Add 5 and 6, then multiply by 3.";
    on_both(prompt, async |_, command: Command<String>| {
        let tools = [add::tool(), multiply::tool()];
        let outcome = command.tools(tools).outcome().await.unwrap();
        let results = outcome.tool_results.iter().map(|one| &*one.content);
        assert_eq!(results.collect::<Vec<_>>(), ["11", "33"]);
        assert!(outcome.value.contains("33"), "{}", outcome.value);
        assert_eq!(outcome.requests, 3);
    })
    .await;
}

// T5
#[tokio::test]
async fn several_tools_are_called_in_one_turn() {
    let prompt = "What is the weather in Oslo and Tbilisi?";
    on_both(prompt, async |_, command: Command<String>| {
        let outcome = command.tool(get_weather::tool()).outcome().await.unwrap();
        let results = outcome.tool_results.iter();
        let results: Vec<_> = results.map(|one| (one.turn, &*one.content)).collect();
        assert_eq!(results, [(1, "sunny in Oslo"), (1, "sunny in Tbilisi")]);
    })
    .await;
}

// T3
#[tokio::test]
async fn a_typed_answer_follows_the_tool_calls() {
    on_both("What is 17 plus 25?", async |_, command: Command<i64>| {
        let outcome = command.tool(add::tool()).outcome().await.unwrap();
        assert_eq!(outcome.value, 42);
        assert_eq!(outcome.tool_results.len(), 1);
        assert_eq!(outcome.attempts, 1);
    })
    .await;
}

// T4: the failure is reported to the model, and the command continues to an answer or the turn limit.
#[tokio::test]
async fn a_failed_condition_is_reported_to_the_model() {
    on_both(
        "What is 17 plus 25?",
        async |_, command: Command<String>| {
            let command = command.tool(add_some::tool()).max_tool_turns(3);
            match command.outcome().await {
                Ok(outcome) => {
                    let first = &outcome.tool_results[0];
                    assert_eq!(first.content, "The tool did not run: b must not be 25.");
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::ToolTurnLimit),
            }
        },
    )
    .await;
}

// T6
#[tokio::test]
async fn zero_tool_turns_send_one_request() {
    on_both(
        "What is 17 plus 25?",
        async |_, command: Command<String>| {
            let command = command.tool(add::tool()).max_tool_turns(0);
            let error = command.await.unwrap_err();
            assert_eq!(
                (error.kind(), error.requests()),
                (ErrorKind::ToolTurnLimit, 1)
            );
        },
    )
    .await;
}

// A8: `notools` on the test server is a copy of the model with a template that has no tools.
#[tokio::test]
async fn a_model_without_tool_support_is_an_error() {
    let Some((host, model)) = live() else { return };
    let config = Config::new().host(&host);
    let installed = with_config(config, models()).await.unwrap();
    if !installed
        .iter()
        .any(|model| model.name.starts_with("notools"))
    {
        eprintln!("skipped: the server has no model `notools`");
        return;
    }
    for api in ROUTES {
        let command = ask::<String>("Go").model("notools").host(&host).api(api);
        let error = command.tool(add::tool()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Capability);
        assert!(error.to_string().contains(&model), "{error}");
    }
}
