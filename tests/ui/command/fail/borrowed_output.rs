use alloy_runtime::command;

use std::borrow::Cow;

#[command("Say hello")]
async fn hello<'a>(name: &'a str) -> Cow<'a, str>;

#[command("Say hello")]
async fn all() -> Vec<&str>;

#[command("Say hello")]
async fn any() -> Vec<impl Sized>;

fn main() {}
