//! Tests with a script: the replies are listed, and the requests can be read.

use alloy_onboarding::{User, onboard};
use alloy_runtime::ErrorKind;
use alloy_runtime::testing::Script;

fn jason() -> User {
    User {
        name: "Jason".to_owned(),
        age: 25,
    }
}

#[tokio::test]
async fn a_letter_becomes_a_user_and_a_sentence() {
    let script = Script::new().answer(&jason()).text("Welcome, Jason!");
    let (user, sentence) = script
        .run(onboard("I am Jason, 25."))
        .await
        .expect("onboarded");
    assert_eq!((user, sentence.as_str()), (jason(), "Welcome, Jason!"));
    let requests = script.requests();
    assert!(requests[0].prompt().contains("I am Jason, 25."));
    assert_eq!(
        requests[1].prompt(),
        "Write one sentence that welcomes Jason, who is 25."
    );
}

// A small model often forgets a field at first. The command asks again, and the function does not notice.
#[tokio::test]
async fn an_invalid_answer_is_asked_for_again() {
    let script = Script::new()
        .on("extract", |replies| {
            replies.text(r#"{"name": "Jason"}"#).answer(&jason())
        })
        .on("welcome", |replies| replies.text("Welcome!"));
    let (user, _) = script
        .run(onboard("I am Jason, 25."))
        .await
        .expect("onboarded");
    assert_eq!(user, jason());
}

// The server is busy twice, which takes no time here.
#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let script = Script::new()
        .status(503, "server busy")
        .status(503, "server busy")
        .answer(&jason())
        .text("Welcome!");
    script
        .run(onboard("I am Jason, 25."))
        .await
        .expect("onboarded");
}

#[tokio::test]
async fn a_sentence_that_is_cut_is_an_error() {
    let script = Script::new().answer(&jason()).truncated("Welcome, Ja");
    let error = script
        .run(onboard("I am Jason, 25."))
        .await
        .expect_err("the text is cut");
    assert_eq!(error.kind(), ErrorKind::Truncated);
    assert_eq!(error.partial_text(), Some("Welcome, Ja"));
}
