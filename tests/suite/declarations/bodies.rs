//! Function bodies that compute the prompt and may fail.

use std::num::ParseIntError;

use alloy_runtime::{Message, command};

use super::check;

#[command(model = "m")]
async fn computed(text: &str) -> String {
    let trimmed = text.trim();
    format!("Extract: {trimmed}")
}

#[command(model = "m")]
async fn borrowed(text: &str) -> String {
    if text.is_empty() {
        return "nothing";
    }
    text.trim()
}

#[command(model = "m")]
async fn fallible(number: &str) -> alloy_runtime::Result<String> {
    let number: i32 = number.parse()?;
    format!("Double {number}")
}

#[command(model = "m", system = "About {text}")]
async fn moved(text: String) -> String {
    text
}

#[command(model = "m")]
async fn awaits_in_nested_async_code(text: &str) -> String {
    async fn inner() {
        std::future::ready(()).await;
    }
    let _unpolled = (inner(), async move { inner().await }, async |_: u8| {
        inner().await;
    });
    text
}

macro_rules! through_fragments {
    ($name:ident, $parameter:ident: $type:ty => $output:ty, $body:block) => {
        #[command(model = "m")]
        async fn $name($parameter: $type) -> $output $body
    };
}
through_fragments!(by_macro, text: &str => alloy_runtime::Result<String>, { "Extract: {text}" });

#[test]
fn a_body_returns_the_prompt() {
    check(&awaits_in_nested_async_code("a"), "a");
    check(&by_macro("a"), "Extract: a");
    let messages = moved("trains".into()).preview().unwrap().messages;
    assert_eq!(
        messages,
        [Message::system("About trains"), Message::user("trains")]
    );
    check(&computed("  a "), "Extract: a");
    check(&borrowed(" a "), "a");
    check(&borrowed(""), "nothing");
    check(&fallible("21"), "Double 21");
}

// D10
#[tokio::test]
async fn an_error_of_the_body_is_returned_by_the_await() {
    let error = fallible("x").await.unwrap_err();
    assert_eq!(error.kind(), alloy_runtime::ErrorKind::Prompt);
    assert_eq!(
        error.to_string(),
        "could not build the prompt of `fallible`"
    );
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.is::<ParseIntError>(), "{source:?}");
    let previewed = fallible("x").preview().unwrap_err();
    assert_eq!(format!("{previewed:?}"), format!("{error:?}"));
}
