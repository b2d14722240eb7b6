//! The fake as a backend: what a command gets. The generators have tests of their own in the folder.

mod numbers;
mod patterns;
mod texts;
mod values;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::FakeBackend;
use crate::config::{Backend, Config};
use crate::request::{CommandDefinition, Request};
use crate::{Command, ErrorKind, Outcome, Output, Tool};

static DEFINITION: CommandDefinition = CommandDefinition::new("invent");

/// A command whose answers are made up, for a model that does not exist.
fn command<T: Output>(fake: FakeBackend, prompt: &str) -> Command<T> {
    let command = Command::new(Request::new(&DEFINITION, prompt.to_owned(), None));
    command.config(Config::new().backend(crate::backend::custom("fake", fake)))
}

fn seeded(seed: u64) -> FakeBackend {
    FakeBackend {
        seed,
        calls_tools: false,
    }
}

async fn outcome<T: Output>(seed: u64) -> Outcome<T> {
    let outcome = command::<T>(seeded(seed), "Invent it").outcome().await;
    outcome.unwrap_or_else(|error| panic!("{seed}: {error:?}"))
}

#[tokio::test]
async fn a_text_is_made_of_sentences() {
    let outcome = outcome::<String>(0).await;
    assert!(
        outcome.value.ends_with('.') && outcome.value.contains(' '),
        "{}",
        outcome.value
    );
    assert_eq!(outcome.backend, "fake");
    assert_eq!((outcome.requests, outcome.warnings.len()), (1, 0));
    let (prompt, completion) = (outcome.usage.prompt_tokens, outcome.usage.completion_tokens);
    assert!(
        prompt > Some(0) && completion > Some(3),
        "{:?}",
        outcome.usage
    );
    command::<()>(seeded(0), "Invent it").await.unwrap();
}

#[tokio::test]
async fn the_seed_and_the_request_decide() {
    let text = async |seed, prompt: &str| command::<String>(seeded(seed), prompt).await.unwrap();
    let first = text(1, "Invent it").await;
    assert_eq!(first, text(1, "Invent it").await);
    assert_ne!(first, text(2, "Invent it").await);
    assert_ne!(first, text(1, "Invent another one").await);
}

#[tokio::test]
async fn a_text_is_streamed_in_chunks() {
    for seed in 0..10 {
        let mut stream = command::<String>(seeded(seed), "Invent it").stream();
        let mut chunks = Vec::new();
        while let Some(chunk) = stream.next().await {
            chunks.push(chunk.unwrap());
        }
        assert!(chunks.len() > 1, "{chunks:?}");
        assert_eq!(stream.summary().unwrap().text, chunks.concat());
        assert_eq!(stream.summary().unwrap().backend, "fake");
    }
}

#[tokio::test]
async fn the_name_in_the_environment_selects_a_fake() {
    let backend = Backend::fake();
    assert!(backend.is_stand_in());
    // No model is set.
    let unset = Request::new(&DEFINITION, "Invent it".to_owned(), None);
    let unset: Command<u8> = Command::new(unset);
    let outcome = unset.config(Config::new().backend(backend)).outcome();
    let named = outcome.await.unwrap();
    assert_eq!(named.backend, "fake");
    let handle = command::<u8>(seeded(0), "Invent it").await.unwrap();
    assert_eq!(named.value, handle);
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Lookup {
    /// The name of a product.
    product: String,
    #[schemars(range(min = 1, max = 9))]
    count: u8,
    color: Option<String>,
}

fn tools() -> [Tool; 2] {
    [
        Tool::new("price", "A price.", |lookup: Lookup| {
            assert!((1..=9).contains(&lookup.count) && !lookup.product.is_empty());
            f64::from(lookup.count)
        }),
        Tool::new("today", "The date.", |()| "2026-11-21"),
    ]
}

#[tokio::test]
async fn tools_are_called_once_if_at_all() {
    for seed in 0..10 {
        let silent = command::<u8>(seeded(seed), "Invent it")
            .tools(tools())
            .outcome()
            .await;
        assert!(silent.unwrap().tool_results.is_empty());
        let calling = FakeBackend {
            seed,
            calls_tools: true,
        };
        let outcome = command::<u8>(calling, "Invent it")
            .tools(tools())
            .outcome()
            .await
            .unwrap();
        let called = outcome.tool_results.iter();
        let called: Vec<_> = called
            .map(|result| (result.name.as_str(), result.status))
            .collect();
        let succeeded = crate::ToolStatus::Succeeded;
        assert_eq!(called, [("price", succeeded), ("today", succeeded)]);
        assert_eq!(outcome.requests, 2);
        assert_eq!(outcome.tool_results[1].arguments, json!({}));
    }
    // Without tools there is nothing to call.
    let calling = FakeBackend {
        seed: 0,
        calls_tools: true,
    };
    command::<u8>(calling, "Invent it").await.unwrap();
}

#[derive(Debug, JsonSchema)]
struct Even(#[allow(dead_code, reason = "only its schema matters")] u8);

impl<'de> Deserialize<'de> for Even {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            number if number % 2 == 0 => Ok(Self(number)),
            _ => Err(serde::de::Error::custom("an odd number")),
        }
    }
}

/// Rejects every value.
#[derive(Debug, JsonSchema)]
struct Never(#[allow(dead_code, reason = "only its schema matters")] u8);

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("never"))
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Numbers {
    first: Even,
    second: Even,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Hopeless {
    name: String,
    place: Never,
}

#[tokio::test]
async fn a_type_may_check_more_than_its_schema() {
    for seed in 0..20 {
        let numbers = outcome::<Numbers>(seed).await;
        assert_eq!((numbers.requests, numbers.attempts), (1, 1));
    }
    let error = command::<Hopeless>(seeded(0), "Invent it")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unanswered);
    let shown = error.to_string();
    assert!(
        shown.contains("`invent`") && shown.contains("`Hopeless`"),
        "{shown}"
    );
    assert!(shown.contains("place: never"), "{shown}");
    let help = error.help();
    assert!(
        help.contains(r#"Script::new().on("invent", |replies| replies.answer(&…))"#),
        "{help}"
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Contradiction {
    inner: (Impossible,),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Avoidable {
    one: Option<Impossible>,
    many: Vec<Impossible>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Impossible {
    #[schemars(length(min = 5, max = 9), regex(pattern = "^[a-z]{2}$"))]
    code: String,
}

#[tokio::test]
async fn an_error_names_the_field() {
    for seed in 0..5 {
        let error = command::<Contradiction>(seeded(seed), "Invent it");
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unanswered);
        assert_eq!(
            error.to_string(),
            "the fake has no answer for `invent`: no valid `Contradiction` was found: inner[0].code: no text was found with at least 5 characters and at most 9 characters and the pattern `^[a-z]{2}$`"
        );
    }
}

#[tokio::test]
async fn a_part_without_a_value_is_left_out_if_it_can_be() {
    for seed in 0..20 {
        let found = outcome::<Avoidable>(seed).await.value;
        assert!(found.one.is_none() && found.many.is_empty(), "{found:?}");
    }
}

#[tokio::test]
async fn values_satisfy_the_conditions_of_the_command() {
    for seed in 0..20 {
        let large = command::<u8>(seeded(seed), "Invent it").ensured(|value, broken| {
            if *value < 240 {
                broken.push("the number is at least 240");
            }
        });
        let outcome = large.retry(1).outcome().await.unwrap();
        assert!(outcome.value >= 240);
        assert_eq!((outcome.attempts, outcome.requests), (1, 1));
        let text = command::<String>(seeded(seed), "Invent it").ensured(|text, broken| {
            if text.matches('.').count() != 3 {
                broken.push("the text has three sentences");
            }
        });
        let mut stream = text.stream();
        while let Some(chunk) = stream.next().await {
            chunk.unwrap();
        }
    }
}

#[tokio::test]
async fn conditions_that_no_value_satisfies_name_a_script() {
    let never = command::<u8>(seeded(0), "Invent it");
    let never = never.ensured(|_, broken| broken.push("the number is odd and even"));
    let error = never.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unanswered);
    assert_eq!(
        error.to_string(),
        "the fake has no answer for `invent`: no valid `u8` was found: 200 were rejected; the last one: the number is odd and even"
    );
    let help = error.help();
    assert!(help.contains(r#"Script::new().on("invent", "#), "{help}");
}

#[tokio::test]
async fn values_of_a_model_file_do_not_depend_on_its_folder() {
    let outcome = async |model: &str| {
        let command = command::<String>(seeded(0), "Invent it").model(model);
        let outcome = command.outcome().await.unwrap();
        (outcome.value, outcome.usage)
    };
    let here = outcome("gguf:/home/ann/models/tiny.gguf").await;
    assert_eq!(here, outcome("gguf:/srv/tiny.gguf").await);
    assert_ne!(here.0, outcome("gguf:/srv/large.gguf").await.0);
}
