//! Tests of code that maps errors: each kind can be made up.

use alloy_onboarding::{onboard, status};
use alloy_runtime::ErrorKind;
use alloy_runtime::testing::{self, Script};

#[test]
fn each_kind_has_a_status() {
    for (kind, expected) in [
        (ErrorKind::Unreachable, 503),
        (ErrorKind::Overloaded, 503),
        (ErrorKind::TimedOut, 504),
        (ErrorKind::InvalidOutput, 502),
        (ErrorKind::ContextOverflow, 413),
        (ErrorKind::Unauthorized, 500),
    ] {
        assert_eq!(status(&testing::error(kind).build()), expected, "{kind:?}");
    }
}

#[tokio::test]
async fn the_error_of_the_second_command_is_returned() {
    let script = Script::new()
        .on("extract", |replies| {
            replies.text(r#"{"name": "Jason", "age": 25}"#)
        })
        .on("welcome", |replies| {
            replies.error(testing::error(ErrorKind::TimedOut))
        });
    let error = script
        .run(onboard("I am Jason, 25."))
        .await
        .expect_err("timed out");
    assert_eq!((status(&error), error.command()), (504, Some("welcome")));
}
