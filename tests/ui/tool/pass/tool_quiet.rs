//! Valid tools compile without warnings, whichever lints are enabled.

#![warn(unused, missing_docs, unused_qualifications, single_use_lifetimes, elided_lifetimes_in_paths)]
#![warn(unreachable_pub, let_underscore_drop, missing_debug_implementations, non_local_definitions)]
#![warn(clippy::pedantic)]
#![deny(warnings)]

use std::path::Path;
use std::sync::Mutex;

use alloy_runtime::{Command, Result, WithTools, command, tool};

/// Adds.
#[tool]
#[must_use]
pub fn add(
    /// The first.
    a: i64,
    #[tool(default = 1)] b: i64,
) -> i64 {
    a + b
}

/// Divides.
#[tool]
#[require(b != 0, "b must not be zero")]
#[ensure(|result| *result > 0, "the result must be above zero")]
pub(crate) fn divide(mut a: i64, b: i64) -> Result<i64> {
    a /= b;
    Ok(a)
}

#[tool]
#[require(!name.is_empty(), "there must be a name")]
async fn greet(name: String, mut lines: Vec<String>) -> Result<String> {
    lines.push(name);
    std::future::ready(()).await;
    Ok(lines.join(" "))
}

#[tool]
fn look(text: &str, file: Option<&Path>, list: &[u8], #[tool(state)] seen: &Mutex<Vec<u8>>) {
    println!("{text} {file:?}");
    seen.lock().unwrap().extend(list);
}

#[tool]
#[require(n > 0, "n must be above zero")]
fn one_line(n: u8) -> Result<u8> { Ok(n) }

// A parameter that only a condition uses is not reported as unused.
#[tool]
#[require(confirmed || (force.len() == 3 && r#type.len() == 1), "ask first")]
fn delete(path: &str, confirmed: bool, force: &str, r#type: &str) -> Result<()> {
    println!("{path}");
    Ok(())
}

#[tool]
#[require(least != 0 && (least..most).contains(&5), "there must be a 5")]
fn bounds(least: u8, most: u8) -> Result<()> {
    Ok(())
}

#[tool]
#[require(a > 0 || r#type > 0, "must be one of {abc}, {a_b}, {types}")]
fn message_with_braces(a: u8, r#type: u8) -> Result<()> {
    Ok(())
}

// The user can declare names of the standard library and the language.
mod shadowed {
    #![allow(non_camel_case_types, dead_code, reason = "as a user might")]

    struct bool;
    struct u8;
    struct str;
    struct usize;
    struct Option;
    struct Vec;
    struct Ok;
    struct Into;

    #[alloy_runtime::tool]
    #[require(more, "there must be more")]
    #[ensure(|it| *it > 0, "must be above zero")]
    pub(super) fn count(
        more: ::core::primitive::bool,
        #[tool(default = 1)] by: ::core::primitive::i64,
        #[tool(state)] base: ::core::primitive::i64,
    ) -> alloy_runtime::Result<::core::primitive::i64> {
        alloy_runtime::Result::Ok(base + by)
    }
}

trait Store {
    fn len(&self) -> usize;
}

impl Store for Vec<u8> {
    fn len(&self) -> usize {
        Vec::len(self)
    }
}

// State as a trait object, and a parameter with the name of the function.
#[tool]
fn counter(#[tool(state)] counter: &(dyn Store + Send + Sync), #[tool(state)] log: &Mutex<u8>) -> usize {
    *log.lock().unwrap() += 1;
    counter.len()
}

mod own {
    /// A type with the name of the standard library's `Path`.
    #[derive(Clone, serde::Deserialize, schemars::JsonSchema)]
    pub(super) struct Path(pub(super) String);

    #[alloy_runtime::tool]
    #[must_use]
    pub(super) fn walk(
        path: &Path,
        #[tool(default = "x")] to: String,
        #[tool(default = Some("y"))] by: Option<&str>,
        #[tool(default = ["z".to_owned()])] over: &[String],
    ) -> String {
        format!("{} {to} {by:?} {over:?}", path.0)
    }
}

/// Sums up.
#[tool]
#[command("Sum up at {depth}: {text}")]
async fn sum_up(text: &str, #[tool(state)] depth: u8) -> String;

mod weather {
    /// Tells the weather.
    #[alloy_runtime::tool(handle = Weather)]
    pub(super) fn weather(city: &str) -> String {
        city.to_owned()
    }
}
use weather::Weather;

#[deprecated]
#[tool]
fn old() {}

#[cfg(any())]
#[tool]
fn left_out(missing: Missing) {}

#[tool]
#[cfg(any())]
fn left_out_below(missing: Missing) {}

#[command("Add {add}", tools(add, self::divide, greet, Weather))]
async fn go(add: i64) -> String;

struct Desk;

impl Desk {
    #[command("At the desk", tools(add))]
    async fn method(&self) -> u8;
}

macro_rules! tools {
    ($($name:ident: $ty:ty),*) => {
        $(
            #[tool]
            fn $name(value: $ty) -> $ty {
                value
            }
        )*
    };
}
tools!(one: u8, two: String);

fn inside() {
    #[tool]
    fn nested() {}
    let _tool = nested::tool();
}

fn main() {
    let state = look::with(Mutex::new(Vec::new()));
    let command: Command<String, WithTools> = go(add(1, 2)).tool(state).tool(sum_up::with(1));
    let _command = command.tools([one::tool(), two::tool(), one_line::tool(), own::walk::tool()]);
    let store: std::sync::Arc<dyn Store + Send + Sync> = std::sync::Arc::new(vec![1, 2]);
    let _tool = counter::with(store, Mutex::new(0));
    println!("{:?}", divide(1, 1).is_ok());
    println!("{:?} {:?}", delete("", true, "", ""), shadowed::count(true, 1, 2).is_ok());
    let _tools = [delete::tool(), message_with_braces::tool(), bounds::tool(), shadowed::count::with(1)];
    let _command = Desk.method();
    println!("{}", weather::weather("Oslo"));
    inside();
    #[allow(deprecated, reason = "it is looked at")]
    old();
}
