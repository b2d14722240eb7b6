//! Reads any text as an answer of several types: never a panic, never slow, and the same result twice.
//!
//! The first byte chooses the type; a zero byte separates the text from the thinking text.

#![no_main]

use std::collections::BTreeMap;
use std::fmt::Debug;

use alloy_runtime::__private::fuzz;
use alloy_runtime::Output;
use libfuzzer_sys::fuzz_target;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code)]
struct User {
    name: String,
    #[schemars(range(max = 120))]
    age: u8,
}

impl User {
    fn is_within_limits(&self) -> bool {
        self.age <= 120
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Limits {
    #[schemars(length(min = 1, max = 3))]
    tags: Vec<String>,
    #[schemars(regex(pattern = "^(a|b+)*c?$"))]
    code: Option<String>,
    #[serde(default)]
    rate: f64,
}

impl Limits {
    fn is_within_limits(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        let is_code = code.trim_end_matches('c').chars().all(|c| "ab".contains(c));
        (1..=3).contains(&self.tags.len()) && is_code && !code.ends_with("cc")
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)]
enum Json {
    Empty,
    Text(String),
    List(Vec<Json>),
    Map(BTreeMap<u32, Json>),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum Id {
    Number(i64),
    Flag(bool),
    Pair(u8, String),
    Part { part: u8, of: Option<u8> },
}

/// Reads a text twice and checks the value against `rules`, the limits of the type's schema.
fn read<T: Output + Debug>(text: &str, thinking: Option<&str>, rules: impl Fn(&T) -> bool) {
    let once = fuzz::read_answer::<T>(text, thinking);
    let twice = fuzz::read_answer::<T>(text, thinking);
    match (once, twice) {
        (Ok(once), Ok(twice)) => {
            assert_eq!(format!("{once:?}"), format!("{twice:?}"));
            assert!(once.0.as_ref().is_some_and(rules), "{once:?}");
        }
        (Err(once), Err(twice)) => {
            assert_eq!(once.to_string(), twice.to_string());
            assert!(once.to_string().len() < 2000, "{once}");
        }
        (once, twice) => panic!("the same text was read as {once:?} and as {twice:?}"),
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((which, text)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    let (text, thinking) = match text.split_once('\0') {
        Some((text, thinking)) => (text, Some(thinking)),
        None => (&*text, None),
    };
    match which % 8 {
        0 => read::<User>(text, thinking, User::is_within_limits),
        1 => read::<Vec<User>>(text, thinking, |users| {
            users.iter().all(User::is_within_limits)
        }),
        2 => read::<Option<Limits>>(text, thinking, |limits| {
            limits.as_ref().is_none_or(Limits::is_within_limits)
        }),
        3 => read::<Json>(text, thinking, |_| true),
        4 => read::<Id>(text, thinking, |_| true),
        5 => read::<f64>(text, thinking, |number| number.is_finite()),
        6 => read::<Value>(text, thinking, |_| true),
        _ => read::<String>(text, thinking, |text| !text.trim().is_empty()),
    }
});
