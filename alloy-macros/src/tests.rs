//! Snapshots of expansions, laid out as a person would write them. `UPDATE_EXPECT=1 cargo test` writes
//! them anew.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "the snapshots are written by a tool"
)]

use expect_test::{Expect, expect};
use proc_macro2::TokenStream;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::command;
use crate::entry;

fn check(attribute: &str, item: &str, expected: &Expect) {
    let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
    let expansion = entry::run(parse(attribute), &parse(item), command::expand);
    let file = syn::parse2(expansion).expect("an expansion is made of items");
    expected.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn the_cards_own_line() {
    check(
        r#"model = "ollama:llama3.1""#,
        "async fn extract(text: &str) -> User;",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "a prompt is made of the parameters"
            )]
            fn extract(text: &str) -> ::alloy_runtime::Command<User> {
                static __ALLOY_DEFINITION: ::alloy_runtime::__private::Definition = ::alloy_runtime::__private::Definition::new(
                        "extract",
                    )
                    .model("ollama:llama3.1");
                let __alloy_prompt = {
                    let mut __alloy_text = ::alloy_runtime::__private::render(
                        14usize,
                        ::core::format_args!("Extract"),
                    );
                    ::alloy_runtime::__private::push_block(&mut __alloy_text, "text", &text);
                    __alloy_text
                };
                ::alloy_runtime::__private::command::<User>(&__ALLOY_DEFINITION, __alloy_prompt)
            }
        "##]],
    );
}

#[test]
fn a_template_with_every_key() {
    check(
        r#""Extract: {text}", model = "m", system = "Be brief.", temperature = 1, max_tokens = 40, timeout = "2m", crate = ::llm"#,
        "pub(crate) async fn extract<T: Output>(&self, /** the text */ mut text: String) -> T;",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "a prompt is made of the parameters"
            )]
            pub(crate) fn extract<T: Output>(&self, mut text: String) -> ::llm::Command<T> {
                static __ALLOY_DEFINITION: ::llm::__private::Definition = ::llm::__private::Definition::new(
                        "extract",
                    )
                    .system("Be brief.")
                    .model("m")
                    .temperature(1f64)
                    .max_tokens(40u32)
                    .timeout(120000u64);
                let __alloy_prompt = ::llm::__private::render(
                    30usize,
                    ::core::format_args!("Extract: {text}"),
                );
                ::llm::__private::command::<T>(&__ALLOY_DEFINITION, __alloy_prompt)
            }
        "##]],
    );
}

#[test]
fn a_template_of_several_lines() {
    check(
        "\"\n    Greet {name:>5}.\n    {{Be}} {tone}.\n\", system = \"You are {tone}.\"",
        "async fn greet(name: &str, tone: &str);",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "a prompt is made of the parameters"
            )]
            fn greet(name: &str, tone: &str) -> ::alloy_runtime::Command<()> {
                static __ALLOY_DEFINITION: ::alloy_runtime::__private::Definition = ::alloy_runtime::__private::Definition::new(
                    "greet",
                );
                let __alloy_system = ::alloy_runtime::__private::render(
                    30usize,
                    ::core::format_args!("You are {tone}."),
                );
                let __alloy_prompt = {
                    let _ = ::core::format_args!("
                Greet {name:>5}.
                {{Be}} {tone}.
            ");
                    use ::alloy_runtime::__private::Fallback as _;
                    ::alloy_runtime::__private::render(
                        46usize,
                        ::core::format_args!(
                            "Greet {:>5}.\n{{Be}} {}.", name, (& ::alloy_runtime::__private::Given(&
                            tone)).part()
                        ),
                    )
                };
                ::alloy_runtime::__private::command_with_system::<
                    (),
                >(&__ALLOY_DEFINITION, __alloy_prompt, __alloy_system)
            }
        "##]],
    );
}

#[test]
fn a_doc_comment_and_an_optional_parameter() {
    check(
        "",
        "/// Translate {text}.\n/// # Panics\n/// Never.\nasync fn translate(text: &str, note: Option<&str>) -> String;",
        &expect![[r#"
            /// Translate {text}.
            /// # Panics
            /// Never.
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "a prompt is made of the parameters"
            )]
            fn translate(text: &str, note: Option<&str>) -> ::alloy_runtime::Command<String> {
                static __ALLOY_DEFINITION: ::alloy_runtime::__private::Definition = ::alloy_runtime::__private::Definition::new(
                    "translate",
                );
                let __alloy_prompt = {
                    let mut __alloy_text = ::alloy_runtime::__private::render(
                        34usize,
                        ::core::format_args!("Translate {text}."),
                    );
                    if let ::core::option::Option::Some(__alloy_value) = &note {
                        ::alloy_runtime::__private::push_block(
                            &mut __alloy_text,
                            "note",
                            __alloy_value,
                        );
                    }
                    __alloy_text
                };
                ::alloy_runtime::__private::command::<String>(&__ALLOY_DEFINITION, __alloy_prompt)
            }
        "#]],
    );
}

#[test]
fn bodies() {
    check(
        "",
        "async fn sum(text: &str) -> u8 { format!(\"{}\", text.trim()) }",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "a prompt is made of the parameters"
            )]
            fn sum(text: &str) -> ::alloy_runtime::Command<u8> {
                static __ALLOY_DEFINITION: ::alloy_runtime::__private::Definition = ::alloy_runtime::__private::Definition::new(
                    "sum",
                );
                let __alloy_prompt = ::alloy_runtime::__private::body(
                    (|| { format!("{}", text.trim()) })(),
                );
                ::alloy_runtime::__private::command::<u8>(&__ALLOY_DEFINITION, __alloy_prompt)
            }
        "##]],
    );
    check(
        "",
        "async fn sum(text: &str) -> Result<u8> { let n: u8 = text.parse()?; n.to_string() }",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "a prompt is made of the parameters"
            )]
            fn sum(text: &str) -> ::alloy_runtime::Command<u8> {
                static __ALLOY_DEFINITION: ::alloy_runtime::__private::Definition = ::alloy_runtime::__private::Definition::new(
                    "sum",
                );
                ::alloy_runtime::__private::returned::<Result<u8>, u8>();
                let __alloy_prompt = ::alloy_runtime::__private::fallible_body(
                    (|| -> ::core::result::Result<_, ::alloy_runtime::__private::BoxError> {
                        ::core::result::Result::Ok({
                            let n: u8 = text.parse()?;
                            n.to_string()
                        })
                    })(),
                );
                ::alloy_runtime::__private::command::<u8>(&__ALLOY_DEFINITION, __alloy_prompt)
            }
        "##]],
    );
}

#[test]
fn mistakes_leave_an_item_with_the_right_type() {
    check(
        "modle = 1",
        "fn extract((a, b): (u8, u8)) -> Result<User> { 1 }",
        &expect![[r##"
            #[allow(
                unused_variables,
                dead_code,
                clippy::all,
                clippy::pedantic,
                reason = "stands in for a command with mistakes"
            )]
            fn extract((a, b): (u8, u8)) -> ::alloy_runtime::Command<User> {
                ::core::unimplemented!()
            }
            ::core::compile_error! {
                "unknown key `modle`; did you mean `model`? the keys are `prompt`, `prompt_file`, `model`, `system`, `temperature`, `max_tokens`, `retry`, `timeout`, `max_tool_turns`, `think`, `options`, `crate`"
            }
            ::core::compile_error! {
                "a command is an `async fn`, because its answer is awaited: write `async fn extract`"
            }
            ::core::compile_error! {
                "a parameter of a command is a plain `name: Type`, because the prompt refers to it by name"
            }
        "##]],
    );
}

// The documentation shows one expansion in full: this one.
#[test]
fn the_documentation_shows_what_it_becomes() {
    let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
    let expansion = entry::run(
        parse(r#""Extract: {text}", model = "ollama:llama3.1", temperature = 0.0"#),
        &parse(
            "/// Extract the user.\n\
             #[ensure(|user| user.age < 130, \"age must be below 130\")]\n\
             pub async fn extract(text: &str) -> User;",
        ),
        command::expand,
    );
    let file = syn::parse2(expansion).expect("an expansion is made of items");
    let shown = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/attributes.md");
    let shown = std::fs::read_to_string(shown).expect("the documentation is beside this crate");
    let expanded = prettyplease::unparse(&file);
    assert!(shown.contains(&expanded), "{expanded}");
}

/// Pieces of declarations, right ones and wrong ones.
fn pieces(of: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(of), 0..most).prop_map(|pieces| pieces.join(" "))
}

// Whatever is written: items, and no panic.
#[allow(clippy::too_many_lines, reason = "most of them are the pieces")]
#[test]
fn anything_expands_to_items() {
    const ATTRIBUTE: &[&str] = &[
        "\"Greet {name}\"",
        "\"{\"",
        "\"{0} {} {a.b} {name:>w$}\"",
        "\"\n    a {name}\n  b\n\"",
        "prompt =",
        "prompt_file = \"x\"",
        "model =",
        "\"m\"",
        "system = \"{name}\"",
        "temperature = 0.5",
        "temperature = -1",
        "max_tokens = 0",
        "timeout = \"1h\"",
        "timeout = \"\"",
        "think = maybe",
        "options(a = 1, b = [\"x\", 2], num_ctx = 1.5)",
        "options",
        "crate = ::a::b",
        "crate = 1",
        "tools(a)",
        "retry = 99999999999",
        ",",
        ",",
        ",",
        "=",
        "(",
        ")",
        "r#type",
        "'a",
        "#",
        "{ }",
    ];
    const BEFORE: &[&str] = &[
        "/// Greet {name}.",
        "/// # Heading",
        "/** a\n * b {c} */",
        "#[doc = \"x\"]",
        "#[doc = include_str!(\"x\")]",
        "#[ensure(|a| a, \"b\")]",
        "#[ensure]",
        "#[ensure(,)]",
        "#[cfg(x)]",
        "#[allow(unused)]",
        "pub",
        "pub(crate)",
        "async",
        "async",
        "async",
        "const",
        "unsafe",
        "extern \"C\"",
    ];
    const NAME: &[&str] = &[
        "fn f",
        "fn f",
        "fn r#type",
        "fn f<T>",
        "fn f<'a, const N: usize>",
        "fn",
        "struct S",
        "fn größe",
    ];
    const PARAMETERS: &[&str] = &[
        "&self,",
        "name: &str,",
        "mut name: String,",
        "r#type: Option<u8>,",
        "(a, b): (u8, u8),",
        "w: usize,",
        "#[cfg(x)] a: u8,",
        "/// doc\n a: impl Fn(),",
        "__alloy_prompt: u8,",
        "_: u8,",
        "ref x: u8,",
        "...",
    ];
    const AFTER: &[&str] = &[
        "-> User",
        "-> Result<User>",
        "-> &str",
        "-> impl Fn()",
        "-> Vec<&'static str>",
        "where T: Clone",
        ";",
        "{ }",
        "{ \"{name}\" }",
        "{ name.await }",
        "{ let x = 1; format!(\"{x}\") }",
        "{ text? }",
        "= 1;",
    ];
    let declarations = (
        pieces(ATTRIBUTE, 6),
        pieces(BEFORE, 4),
        prop::sample::select(NAME),
        pieces(PARAMETERS, 4),
        pieces(AFTER, 4),
    );
    let mut config = Config::default();
    config.cases = config.cases.max(5000);
    config.failure_persistence = None;
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let expanded = TestRunner::new_with_rng(config, random).run(
        &declarations,
        |(attribute, before, name, parameters, after)| {
            let item = format!("{before}\n{name}({parameters}) {after}");
            // What is no tokens never reaches a macro.
            if let (Ok(attribute), Ok(item)) = (
                attribute.parse::<TokenStream>(),
                item.parse::<TokenStream>(),
            ) {
                let expansion = entry::run(attribute, &item, command::expand);
                prop_assert!(!expansion.is_empty());
                let items = syn::parse2::<syn::File>(expansion.clone());
                prop_assert!(items.is_ok(), "{expansion}: {:?}", items.err());
            }
            Ok(())
        },
    );
    expanded.unwrap_or_else(|error| panic!("{error}"));
}
