//! Tests with a cassette: replies that were recorded once are played, without a server and a model.
//!
//! `ALLOY_CASSETTE=rerecord cargo test -p alloy-onboarding --test cassette` records them again, with Ollama and llama3.1. The
//! file in this repository was recorded with a small local server in the place of a model.

use alloy_onboarding::{User, onboard};
use alloy_runtime::testing::cassette;

// The file is `cassettes/cassette__a_recorded_letter_is_answered.json`: the module and the function name it.
#[tokio::test]
async fn a_recorded_letter_is_answered() {
    let letter =
        "Dear team, my name is Jason Miller. I turned 25 last week and would like to join.";
    let (user, sentence) = cassette!().run(onboard(letter)).await.expect("onboarded");
    let jason = User {
        name: "Jason Miller".to_owned(),
        age: 25,
    };
    assert_eq!(user, jason);
    assert!(sentence.contains("Jason"), "{sentence}");
}
