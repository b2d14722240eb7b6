//! What a parameter can be, and how its value is written.

use alloy_runtime::{Json, command};

use super::check;

#[derive(serde::Serialize)]
struct Order {
    id: u32,
}

#[command("Order: {order}", model = "m")]
async fn json(order: Json<&Order>) -> String;

#[test]
fn json_renders_as_json() {
    check(&json(Json(&Order { id: 7 })), r#"Order: {"id":7}"#);
}

type NoJson = std::collections::BTreeMap<(u8, u8), u8>;

#[command("Map: {map}", model = "m")]
async fn in_template(map: Json<NoJson>) -> String;

#[command(model = "m")]
async fn in_block(map: Json<NoJson>) -> String;

#[command("Say hello", system = "Map: {map}", model = "m")]
async fn in_system(map: Json<NoJson>) -> String;

#[test]
fn what_cannot_be_shown_is_an_error_and_no_half_prompt() {
    let map = || Json(NoJson::from([((1, 2), 3)]));
    for command in [in_template(map()), in_block(map()), in_system(map())] {
        let error = command.preview().unwrap_err();
        assert_eq!(error.kind(), alloy_runtime::ErrorKind::Prompt);
        assert!(
            format!("{error:?}").contains("could not be written as text"),
            "{error:?}"
        );
    }
}

/// Locals of the expansion are not to be confused with these.
#[command(model = "m")]
async fn internals(__alloy_prompt: &str, __alloy_text: &str, prompt: &str) -> String;

#[test]
fn parameters_named_like_our_own_locals_are_the_users() {
    let content = &internals("a", "b", "c").preview().unwrap().messages[0].content;
    assert!(content.contains("<__alloy_prompt>\na\n"), "{content}");
    assert!(content.contains("<__alloy_text>\nb\n"), "{content}");
    assert!(content.contains("<prompt>\nc\n"), "{content}");
}

#[command("{a}{b}{c}", model = "m")]
#[allow(
    clippy::needless_lifetimes,
    reason = "that they pass through is the point"
)]
async fn several<'a, T: std::fmt::Display + ?Sized>(
    a: &'a str,
    b: &T,
    c: impl std::fmt::Display,
) -> String;

#[test]
fn lifetimes_generics_and_impl_traits_pass_through() {
    check(&several("a", "b", 'c'), "abc");
}

mod renamed {
    use alloy_runtime as llm;

    #[llm::command("Say hello", model = "m", crate = llm)]
    async fn hello() -> String;

    #[test]
    fn the_runtime_can_have_another_name() {
        super::check(&hello(), "Say hello");
    }
}
