//! Snapshots of expansions, formatted by prettyplease. `UPDATE_EXPECT=1 cargo test` updates them.

mod arbitrary;
mod command;
mod tool;
mod tool_command;

use expect_test::Expect;
use proc_macro2::{Span, TokenStream};

use crate::command as command_macro;
use crate::entry::{self, Rejected};
use crate::file;
use crate::tool as tool_macro;

type Macro = fn(TokenStream, &TokenStream) -> Result<TokenStream, Rejected>;

fn check_command(attribute: &str, item: &str, expected: &Expect) {
    expected.assert_eq(&expansion(command_macro::expand, attribute, item));
}

fn check_tool(attribute: &str, item: &str, expected: &Expect) {
    expected.assert_eq(&expansion(tool_macro::expand, attribute, item));
}

/// Expands a declaration and formats the result.
fn expansion(expand: Macro, attribute: &str, item: &str) -> String {
    let file = syn::parse2(expand_with(expand, attribute, item));
    prettyplease::unparse(&file.expect("an expansion consists of items"))
}

fn expand_with(expand: Macro, attribute: &str, item: &str) -> TokenStream {
    let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
    entry::run(parse(attribute), &parse(item), expand)
}

#[test]
fn the_documentation_shows_the_expansion() {
    let expanded = expansion(
        command_macro::expand,
        r#""Extract: {text}", model = "ollama:llama3.1", temperature = 0.0"#,
        "/// Extract the user.\n\
         #[ensure(|user| user.age < 130, \"age must be below 130\")]\n\
         pub async fn extract(text: &str) -> User;",
    );
    let shown = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/attributes.md");
    let shown = std::fs::read_to_string(shown).expect("the documentation of this repository");
    assert!(shown.contains(&expanded), "{expanded}");
}

#[test]
fn a_prompt_does_not_include_a_byte_order_mark() {
    let check = |name: &str, text: &str, expected: Result<&str, &str>| {
        let path = std::env::temp_dir().join(format!("alloy-{name}-{}.md", std::process::id()));
        std::fs::write(&path, text).expect("a writable file");
        let literal = syn::LitStr::new(&path.to_string_lossy(), Span::call_site());
        let read = file::read(&literal).map_err(|error| error.to_string());
        std::fs::remove_file(&path).expect("the file written above");
        match (read, expected) {
            (Ok(read), Ok(expected)) => assert_eq!(read, expected),
            (Err(read), Err(expected)) => assert!(read.ends_with(expected), "{read}"),
            (read, _) => panic!("{read:?}"),
        }
    };
    check("marked", "\u{feff}Greet {name}\r\n", Ok("Greet {name}"));
    check(
        "inside",
        "Greet \u{feff}{name}\n",
        Ok("Greet \u{feff}{name}"),
    );
    check(
        "empty",
        "\u{feff}\n",
        Err("is empty; write the prompt into it"),
    );
}
