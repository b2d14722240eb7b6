//! Kinds of parameters and the rendering of their values.

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

type NotJson = std::collections::BTreeMap<(u8, u8), u8>;

#[command("Map: {map}", model = "m")]
async fn in_template(map: Json<NotJson>) -> String;

#[command(model = "m")]
async fn in_block(map: Json<NotJson>) -> String;

#[command("Say hello", system = "Map: {map}", model = "m")]
async fn in_system(map: Json<NotJson>) -> String;

#[command(
    "
    Several lines:
    {text} {map} {text}
    ",
    model = "m"
)]
async fn in_lines(text: &str, map: Json<NotJson>) -> String;

/// Sum up {map}.
#[command(model = "m")]
async fn in_doc(map: Json<NotJson>) -> String;

/// A value whose `Display` fails.
struct Unprintable;

impl std::fmt::Display for Unprintable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Err(std::fmt::Error)
    }
}

#[command("Print {first} and {second:>5}", model = "m")]
async fn unprintable(first: &str, second: Unprintable) -> String;

#[test]
fn a_value_that_cannot_be_rendered_is_an_error_with_its_name_and_reason() {
    let map = || Json(NotJson::from([((1, 2), 3)]));
    let not_json = |given: &str| {
        format!(
            "{given} could not be written as JSON: key must be a string; pass a value that JSON has"
        )
    };
    let parameter = not_json("the parameter `map`");
    for (command, expected) in [
        (in_template(map()), &parameter),
        (in_block(map()), &parameter),
        (in_system(map()), &parameter),
        (in_lines("\0json: no \0name: no", map()), &parameter),
        (in_doc(map()), &parameter),
        (
            unprintable("a", Unprintable),
            &"the parameter `second` could not be written as text: its `Display` failed".to_owned(),
        ),
        (
            alloy_runtime::ask("Hi")
                .model("m")
                .context("prices", &map().0),
            &not_json("the context `prices`"),
        ),
    ] {
        let error = command.preview().unwrap_err();
        assert_eq!(error.kind(), alloy_runtime::ErrorKind::Prompt);
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.starts_with(expected), "{source}");
    }
}

/// These parameters have the names of locals in the expansion.
#[command(model = "m")]
async fn internals(__alloy_prompt: &str, __alloy_text: &str, prompt: &str) -> String;

#[test]
fn parameters_may_have_the_names_of_generated_locals() {
    let content = &internals("a", "b", "c").preview().unwrap().messages[0].content;
    assert!(content.contains("<__alloy_prompt>\na\n"), "{content}");
    assert!(content.contains("<__alloy_text>\nb\n"), "{content}");
    assert!(content.contains("<prompt>\nc\n"), "{content}");
}

#[command("{a}{b}{c}", model = "m")]
#[allow(
    clippy::needless_lifetimes,
    reason = "the test needs explicit lifetimes"
)]
async fn several<'a, T: std::fmt::Display + ?Sized>(
    a: &'a str,
    b: &T,
    c: impl std::fmt::Display,
) -> String;

#[test]
fn lifetimes_generics_and_impl_traits_are_supported() {
    check(&several("a", "b", 'c'), "abc");
}

mod renamed {
    use alloy_runtime as llm;

    #[llm::command("Say hello", model = "m", crate = llm)]
    async fn hello() -> String;

    #[test]
    fn the_runtime_crate_can_be_renamed() {
        super::check(&hello(), "Say hello");
    }
}
