//! Commands in a package that depends on alloy-runtime under the name `llm`.

#![deny(warnings)]

use llm::{Result, command};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct User {
    age: u8,
}

#[command("Extract: {text}", system = "You speak {language}.", think = true, options(seed = 1), crate = ::llm)]
#[ensure(|user| user.age < 130, "age must be below 130")]
async fn from_template(text: &str, language: &str) -> User;

#[command(
    "
    Extract:
      {text}
    ",
    crate = llm
)]
async fn from_lines(text: &str) -> String;

/// Extract the age.
#[llm::command(crate = ::llm)]
async fn from_doc(text: &str, note: Option<&str>) -> User;

#[llm::command(crate = ::llm)]
async fn from_body(text: &str) -> String {
    text.trim()
}

#[llm::command(crate = ::llm)]
async fn from_fallible_body(text: &str) -> Result<u8> {
    text.parse::<u8>()?.to_string()
}

fn main() {
    let _user = from_template("", "").preview().is_ok() && from_doc("", None).preview().is_ok();
    let _texts = from_lines("").preview().is_ok() && from_body("").preview().is_ok();
    let _number = from_fallible_body("1").preview().is_ok();
}
