//! Templates in the attribute, in the function body or in a file. A template is the whole prompt.

use alloy_runtime::command;

use super::check;

#[command("Extract: {text}", model = "m")]
async fn positional(text: &str) -> String;

#[command(prompt = "Extract: {text}", model = "m")]
async fn keyed(text: &str) -> String;

#[command(model = "m")]
async fn literal_body(text: &str) -> String {
    "Extract: {text}"
}

/// This comment is documentation, not the prompt.
#[command("Extract: {text}", model = "m")]
async fn documented(text: &str) -> String;

#[test]
fn a_template_is_the_whole_prompt() {
    check(&positional("a"), "Extract: a");
    check(&keyed("a"), "Extract: a");
    check(&literal_body("a"), "Extract: a");
    check(&documented("a"), "Extract: a");
}

// E6
#[test]
fn braces_in_values_are_not_expanded() {
    check(&positional("{text} {{}} {0}"), "Extract: {text} {{}} {0}");
}

const LIMIT: usize = 3;

#[command("{{\"n\": {n:>4}, \"m\": {m:?}}} at most {LIMIT}", model = "m")]
async fn formatted(n: u8, m: &str) -> String;

#[test]
fn placeholders_are_inline_format_arguments() {
    check(&formatted(7, "x"), r#"{"n":    7, "m": "x"} at most 3"#);
}

#[command(
    "
    Extract the user.
      Indented: {text}
    {{Braces}} and {LIMIT:?}.

    Width: {text:>width$}|
    ",
    model = "m"
)]
async fn several_lines(text: &str, width: usize) -> String;

#[test]
fn common_indentation_is_removed() {
    check(
        &several_lines("a", 3),
        "Extract the user.\n  Indented: a\n{Braces} and 3.\n\nWidth:   a|",
    );
    // Indentation and braces inside a value are kept.
    check(
        &several_lines("a\n        {b}", 0),
        "Extract the user.\n  Indented: a\n        {b}\n{Braces} and 3.\n\nWidth: a\n        {b}|",
    );
}

#[command("Format:\n    keep {text}\n", model = "m")]
async fn escaped_lines(text: &str) -> String;

#[test]
fn escaped_indentation_is_kept() {
    check(&escaped_lines("a"), "Format:\n    keep a\n");
    check(&continued_lines(), "Items:\n    - a\n      - nested end");
}

#[command(
    "Items:\n    - a\n      - nested \
     end",
    model = "m"
)]
async fn continued_lines() -> String;

#[command(
    "
    A {x:}>4}
    B
    ",
    model = "m"
)]
async fn filled_with_braces(x: u8) -> String;

#[test]
fn a_brace_can_be_the_fill_character() {
    check(&filled_with_braces(7), "A }}}7\nB");
}

#[command(
    "
    Sum up: {value}
    ",
    model = "m"
)]
async fn generic_lines<T: std::fmt::Display>(value: T) -> String;

#[test]
fn generic_parameters_are_rendered_in_dedented_templates() {
    check(&generic_lines(1.5), "Sum up: 1.5");
    check(&generic_lines("x"), "Sum up: x");
}

#[command("The type {type} of {fn}", model = "m")]
async fn raw(r#type: &str, r#fn: &str) -> String;

#[test]
fn raw_identifiers_are_mentioned_without_their_prefix() {
    check(&raw("a", "b"), "The type a of b");
}

#[command(prompt_file = "prompts/translate.md", model = "m")]
async fn translate(text: &str, language: &str) -> String;

// D2
#[test]
fn a_prompt_file_is_a_template() {
    check(
        &translate("{text}", "French"),
        "Translate the text into French:\n\n    {keep} the indentation\n\n{text}",
    );
}

// D2: the dependency file of this program lists the prompt file.
#[test]
fn a_changed_prompt_file_recompiles_the_crate() {
    let dependencies = std::env::current_exe().unwrap().with_extension("d");
    let dependencies = std::fs::read_to_string(dependencies).unwrap();
    assert!(dependencies.contains("translate.md"));
}
