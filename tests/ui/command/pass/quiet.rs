//! Valid commands compile without warnings, whichever lints are enabled.

#![warn(unused, missing_docs, unused_qualifications, single_use_lifetimes, elided_lifetimes_in_paths)]
#![warn(unreachable_pub, let_underscore_drop, clippy::pedantic)]
#![deny(warnings)]
#![forbid(unused_imports)]

use alloy_runtime::{Command, Config, command};

/// A user.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
pub struct User {
    /// The name.
    pub name: String,
}

/// Extract the user described in the text.
#[command(model = "m", system = "You speak {language}.")]
async fn from_doc(text: String, language: &str, note: Option<u8>) -> User;

/// From a template.
#[command(
    "
    Extract:
    {text}
    "
)]
async fn from_template(text: impl std::fmt::Display) -> alloy_runtime::Result<Vec<User>>;

#[command(
    "Say hello",
    model = "m",
    retry = 3,
    max_tool_turns = 2,
    think = "high",
    options(num_ctx = 8192, top_p = 0.5, stop = ["a", "b"], seed = -1)
)]
async fn with_settings() -> String;

const MODEL: &str = "ollama:llama3.1";

mod models {
    pub(super) const SMALL: &str = "ollama:llama3.2:3b";
}

#[command("Say hello", model = MODEL, timeout = "1h30m")]
async fn with_constant() -> String;

#[command("Say hello to {name} and {name:?}", model = models::SMALL)]
async fn with_path(name: &str) -> String;

#[command()]
async fn from_body(text: &str) -> User {
    format!("Extract: {text}")
}

#[command()]
async fn from_fallible_body(text: &str) -> alloy_runtime::Result<User> {
    format!("Extract: {}", text.parse::<u8>()?)
}

#[command()]
async fn from_name(text: &str);

struct Desk;

impl Desk {
    #[command("At the desk {n}")]
    async fn method(&self, /** how many */ n: u8) -> Option<u8>;
}

#[command("Give a vector")]
async fn sized() -> [u8; 3 & 7];

macro_rules! commands {
    ($($name:ident: $type:ty,)*) => {
        $(
            #[command("Answer {question}")]
            async fn $name(question: &str) -> $type;
        )*
    };
}

commands! {
    yes_or_no: bool,
    number: f64,
}

#[command(prompt_file = "prompts/greet.md")]
async fn from_file(name: &str) -> String;

fn is_short<T: AsRef<str>, const LONGEST: usize>(text: &T) -> bool {
    text.as_ref().len() <= LONGEST
}

#[command("Describe {text}")]
#[ensure(|answer| !answer.is_empty() && text_of(answer).len() > 2, "must not be empty")]
#[alloy_runtime::ensure(is_short::<String, 100>, "must be short",)]
async fn described(text: &str) -> String;

fn text_of(text: &str) -> &str {
    text
}

mod text {
    pub(crate) fn is_plain(text: &str) -> bool {
        text.is_ascii()
    }
}

#[command("Describe {text} to {max}")]
#[ensure(text::is_plain, "must be plain")]
#[ensure(|answer| text::is_plain(answer) && answer.len() < usize::MAX && matches!(answer.len(), 0..9), "must be plain")]
#[ensure(|answer| { let max = answer.len(); max < 100 || max == 250 }, "must be short")]
async fn plain(text: &str, max: u8) -> String;

#[command("Answer")]
#[ensure(|number: &f64| number.is_finite(), "must be finite")]
async fn finite() -> alloy_runtime::Result<f64>;

#[command("Answer {values}")]
#[ensure(|values: &Vec<T>| { let values = values.len(); values < 10 }, "must be few")]
async fn few<T: alloy_runtime::Output>(values: u8) -> Vec<T>;

// The user can declare names of the standard library and the language.
mod shadowed {
    #![allow(non_camel_case_types, dead_code, reason = "as a user might")]

    struct bool;
    struct u8;
    struct str;
    struct usize;
    struct Option;
    struct Some;
    struct Ok;
    struct Vec;
    struct Box;
    struct Result;

    #[alloy_runtime::command(prompt_file = "prompts/greet.md", system = "Speak {name}")]
    #[ensure(|greeting| !greeting.is_empty(), "must not be empty")]
    pub(super) async fn greeted(name: &::core::primitive::str) -> ::std::string::String;

    #[alloy_runtime::command(options(num_ctx = 8192, top_p = 1.0, seed = -1, stop = ["a", "b",]))]
    pub(super) async fn named(count: ::core::option::Option<::core::primitive::u8>) -> ::std::string::String;
}

#[cfg(any())]
#[command("Never compiled {at all}")]
async fn absent() -> Nothing;

fn main() {
    fn kept<T>(_: &Command<T>) {}
    kept(&from_doc(String::new(), "French", None));
    kept(&from_template(1));
    kept(&with_settings());
    kept(&with_constant());
    kept(&with_path(""));
    kept(&from_body(""));
    kept(&from_fallible_body(""));
    kept(&from_name(""));
    kept(&Desk.method(1));
    kept(&sized());
    kept(&yes_or_no(""));
    kept(&number(""));
    kept(&described(""));
    kept(&plain("", 1));
    kept(&from_file(""));
    kept(&finite());
    kept(&few::<u8>(3));
    kept(&shadowed::greeted(""));
    kept(&shadowed::named(None));
    drop(alloy_runtime::with_config(Config::new().model("m"), from_name("")));
    drop(configured());
}

fn configured() -> alloy_runtime::Result<()> {
    alloy_runtime::configure(Config::new().model("m"))?;
    Ok(())
}
