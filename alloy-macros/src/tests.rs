//! Snapshots of expansions, laid out as a person would write them. `UPDATE_EXPECT=1 cargo test` writes
//! them anew.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "the snapshots are written by a tool"
)]

use expect_test::{Expect, expect};
use proc_macro2::{Span, TokenStream};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::command;
use crate::entry::{self, Refused};
use crate::file;
use crate::tool;

type Macro = fn(TokenStream, &TokenStream) -> Result<TokenStream, Refused>;

fn check(attribute: &str, item: &str, expected: &Expect) {
    check_by(command::expand, attribute, item, expected);
}

fn check_tool(attribute: &str, item: &str, expected: &Expect) {
    check_by(tool::expand, attribute, item, expected);
}

fn check_by(expand: Macro, attribute: &str, item: &str, expected: &Expect) {
    let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
    let expansion = entry::run(parse(attribute), &parse(item), expand);
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
                "unknown key `modle`; did you mean `model`? the keys are `prompt`, `prompt_file`, `model`, `system`, `temperature`, `max_tokens`, `retry`, `timeout`, `max_tool_turns`, `think`, `options`, `tools`, `crate`"
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

// An editor's mark of the encoding is no part of a prompt, and makes no file of an empty one.
#[test]
fn a_byte_order_mark_is_no_part_of_a_prompt() {
    let check = |name: &str, text: &str, expected: Result<&str, &str>| {
        let path = std::env::temp_dir().join(format!("alloy-{name}-{}.md", std::process::id()));
        std::fs::write(&path, text).expect("a file of its own");
        let literal = syn::LitStr::new(&path.to_string_lossy(), Span::call_site());
        let read = file::read(&literal).map_err(|error| error.to_string());
        std::fs::remove_file(&path).expect("the file of before");
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
    check("empty", "\u{feff}\n", Err("is empty"));
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
        "tools(a, b::c, 1)",
        "tools()",
        "handle = H",
        "handle = 1",
        "state",
        "default = 1",
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
        "#[require(name, \"b\")]",
        "#[require(|a| a, \"b\")]",
        "#[require]",
        "#[command(\"x\")]",
        "#[tool]",
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
        "#[tool(state)] db: &Db,",
        "#[tool(state)] pool: Pool,",
        "#[tool(default = -1)] few: i8,",
        "#[tool(default = \"x\")] text: &str,",
        "#[tool] /** doc */ list: &[u8],",
        "all: &'static mut Vec<&str>,",
        "some: Option<&std::path::Path>,",
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
                for expand in [command::expand as Macro, tool::expand] {
                    let expansion = entry::run(attribute.clone(), &item, expand);
                    prop_assert!(!expansion.is_empty());
                    let items = syn::parse2::<syn::File>(expansion.clone());
                    prop_assert!(items.is_ok(), "{expansion}: {:?}", items.err());
                }
            }
            Ok(())
        },
    );
    expanded.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_tool() {
    check_tool(
        "",
        "/** Adds. */ pub fn add(/** The first. */ a: i64, #[tool(default = 1)] b: i64, of: Option<&str>) -> i64 { a + b }",
        &expect![[r#"
            /// Adds.
            #[allow(
                clippy::needless_pass_by_value,
                reason = "what a model gives is the function's own"
            )]
            pub fn add(a: i64, b: i64, of: Option<&str>) -> i64 {
                a + b
            }
            #[doc(hidden)]
            #[allow(
                non_camel_case_types,
                missing_debug_implementations,
                unreachable_pub,
                reason = "stands for the function"
            )]
            pub struct add {}
            const _: () = {
                const __ALLOY_0: ::alloy_runtime::__private::Parameter<i64> = ::alloy_runtime::__private::parameter::<
                    i64,
                >("a", "The first.");
                const __ALLOY_1: ::alloy_runtime::__private::Parameter<i64> = ::alloy_runtime::__private::Parameter::or(
                    ::alloy_runtime::__private::parameter::<i64>("b", ""),
                    || 1,
                    ::core::option::Option::Some("1"),
                );
                const __ALLOY_2: ::alloy_runtime::__private::Parameter<
                    ::core::option::Option<::std::string::String>,
                > = ::alloy_runtime::__private::Parameter::or(
                    ::alloy_runtime::__private::parameter::<
                        ::core::option::Option<::std::string::String>,
                    >("of", ""),
                    || ::core::option::Option::None,
                    ::core::option::Option::None,
                );
                impl add {
                    ///The function as a tool.
                    #[allow(deprecated, unreachable_pub, reason = "as the function itself")]
                    pub fn tool() -> ::alloy_runtime::Tool {
                        static __ALLOY_TOOL: ::alloy_runtime::__private::DeclaredTool = ::alloy_runtime::__private::DeclaredTool::new(
                            "add",
                            "Adds.",
                            const {
                                &[
                                    ::alloy_runtime::__private::Parameter::shown(&__ALLOY_0),
                                    ::alloy_runtime::__private::Parameter::shown(&__ALLOY_1),
                                    ::alloy_runtime::__private::Parameter::shown(&__ALLOY_2),
                                ]
                            },
                        );
                        ::alloy_runtime::__private::DeclaredTool::tool(
                            &__ALLOY_TOOL,
                            false,
                            move |__alloy_arguments: &::alloy_runtime::__private::Arguments<'_>| {
                                let __alloy_0 = ::alloy_runtime::__private::Arguments::get(
                                    __alloy_arguments,
                                    &__ALLOY_0,
                                )?;
                                let __alloy_1 = ::alloy_runtime::__private::Arguments::get(
                                    __alloy_arguments,
                                    &__ALLOY_1,
                                )?;
                                let __alloy_2 = ::alloy_runtime::__private::Arguments::get(
                                    __alloy_arguments,
                                    &__ALLOY_2,
                                )?;
                                ::core::result::Result::Ok(
                                    ::alloy_runtime::__private::now({
                                        let __alloy_value = add(
                                            __alloy_0,
                                            __alloy_1,
                                            ::core::option::Option::as_deref(&__alloy_2),
                                        );
                                        {
                                            use ::alloy_runtime::__private::{
                                                TellResult as _, TellValue as _,
                                            };
                                            (&&::alloy_runtime::__private::ToTell(&__alloy_value))
                                                .__alloy_how()
                                                .told(__alloy_value)
                                        }
                                    }),
                                )
                            },
                        )
                    }
                }
                impl ::alloy_runtime::__private::DeclaredAsTool for add {
                    type Handle = Self;
                }
                impl ::alloy_runtime::__private::WithoutState for add {
                    fn __alloy_tool() -> ::alloy_runtime::Tool {
                        add::tool()
                    }
                }
            };
        "#]],
    );
}

#[allow(clippy::too_many_lines, reason = "one long expectation")]
#[test]
fn a_tool_with_conditions() {
    check_tool(
        "handle = Divide, crate = ::llm",
        "#[require(b != 0, \"b must not be zero\")] #[ensure(|it| *it > 0, \"above zero\")] async fn divide(mut a: i64, b: i64) -> Result<i64> { Ok(a / b) }",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                reason = "what a model gives is the function's own"
            )]
            async fn divide(a: i64, b: i64) -> Result<i64> {
                ::llm::__private::checked("divide", Divide::__alloy_checked(a, b).await)
            }
            #[doc(hidden)]
            #[allow(
                non_camel_case_types,
                missing_debug_implementations,
                unreachable_pub,
                reason = "stands for the function"
            )]
            struct Divide {}
            const _: () = {
                const __ALLOY_0: ::llm::__private::Parameter<i64> = ::llm::__private::parameter::<
                    i64,
                >("a", "");
                const __ALLOY_1: ::llm::__private::Parameter<i64> = ::llm::__private::parameter::<
                    i64,
                >("b", "");
                impl Divide {
                    ///The function as a tool.
                    #[allow(deprecated, unreachable_pub, reason = "as the function itself")]
                    fn tool() -> ::llm::Tool {
                        static __ALLOY_TOOL: ::llm::__private::DeclaredTool = ::llm::__private::DeclaredTool::new(
                            "divide",
                            "Divide\nRequires: b must not be zero.\nEnsures: above zero.",
                            const {
                                &[
                                    ::llm::__private::Parameter::shown(&__ALLOY_0),
                                    ::llm::__private::Parameter::shown(&__ALLOY_1),
                                ]
                            },
                        );
                        let _ = divide;
                        ::llm::__private::DeclaredTool::tool(
                            &__ALLOY_TOOL,
                            true,
                            move |__alloy_arguments: &::llm::__private::Arguments<'_>| {
                                let __alloy_0 = ::llm::__private::Arguments::get(
                                    __alloy_arguments,
                                    &__ALLOY_0,
                                )?;
                                let __alloy_1 = ::llm::__private::Arguments::get(
                                    __alloy_arguments,
                                    &__ALLOY_1,
                                )?;
                                ::core::result::Result::Ok(
                                    ::llm::__private::later(async move {
                                        match Divide::__alloy_checked(__alloy_0, __alloy_1).await {
                                            ::core::result::Result::Ok(__alloy_value) => {
                                                use ::llm::__private::{TellResult as _, TellValue as _};
                                                (&&::llm::__private::ToTell(&__alloy_value))
                                                    .__alloy_how()
                                                    .told(__alloy_value)
                                            }
                                            ::core::result::Result::Err(__alloy_value) => {
                                                ::llm::__private::Broken::told(__alloy_value)
                                            }
                                        }
                                    }),
                                )
                            },
                        )
                    }
                    #[allow(
                        deprecated,
                        clippy::needless_pass_by_value,
                        reason = "as the function itself"
                    )]
                    async fn __alloy_checked(
                        a: i64,
                        b: i64,
                    ) -> ::core::result::Result<Result<i64>, ::llm::__private::Broken> {
                        #[allow(
                            clippy::needless_pass_by_value,
                            clippy::unnecessary_wraps,
                            reason = "a broken condition is an error"
                        )]
                        async fn __alloy_body(
                            mut a: i64,
                            #[allow(unused_variables, reason = "a condition reads it")]
                            b: i64,
                        ) -> Result<i64> {
                            Ok(a / b)
                        }
                        let __alloy_holds: ::core::primitive::bool = b != 0;
                        if !__alloy_holds {
                            return ::core::result::Result::Err(
                                ::llm::__private::Broken::require("b must not be zero"),
                            );
                        }
                        let __alloy_result = __alloy_body(a, b).await;
                        if let ::core::result::Result::Ok(__alloy_answer) = &__alloy_result {
                            let __alloy_holds: fn(&i64) -> ::core::primitive::bool = |it| *it > 0;
                            let __alloy_holds = __alloy_holds(__alloy_answer);
                            if !__alloy_holds {
                                return ::core::result::Result::Err(
                                    ::llm::__private::Broken::ensure("above zero"),
                                );
                            }
                        }
                        ::core::result::Result::Ok(__alloy_result)
                    }
                }
                impl ::llm::__private::DeclaredAsTool for Divide {
                    type Handle = Self;
                }
                impl ::llm::__private::WithoutState for Divide {
                    fn __alloy_tool() -> ::llm::Tool {
                        Divide::tool()
                    }
                }
            };
        "##]],
    );
}

#[allow(clippy::too_many_lines, reason = "one long expectation")]
#[test]
fn a_tool_with_state() {
    check_tool(
        "",
        "async fn query(#[tool(state)] db: &Db, sql: &str, #[tool(state)] pool: Pool) -> Rows { db.run(sql) }",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                reason = "what a model gives is the function's own"
            )]
            async fn query(db: &Db, sql: &str, pool: Pool) -> Rows {
                db.run(sql)
            }
            #[doc(hidden)]
            #[allow(
                non_camel_case_types,
                missing_debug_implementations,
                unreachable_pub,
                reason = "stands for the function"
            )]
            struct query {}
            const _: () = {
                const __ALLOY_1: ::alloy_runtime::__private::Parameter<::std::string::String> = ::alloy_runtime::__private::parameter::<
                    ::std::string::String,
                >("sql", "");
                impl query {
                    ///The function as a tool with this state.
                    #[allow(deprecated, unreachable_pub, reason = "as the function itself")]
                    fn with(
                        db: impl ::core::convert::Into<::std::sync::Arc<Db>>,
                        pool: impl ::core::convert::Into<::std::sync::Arc<Pool>>,
                    ) -> ::alloy_runtime::Tool {
                        static __ALLOY_TOOL: ::alloy_runtime::__private::DeclaredTool = ::alloy_runtime::__private::DeclaredTool::new(
                            "query",
                            "Query",
                            const { &[::alloy_runtime::__private::Parameter::shown(&__ALLOY_1)] },
                        );
                        let __alloy_0: ::std::sync::Arc<Db> = ::core::convert::Into::into(db);
                        let __alloy_2: ::std::sync::Arc<Pool> = ::core::convert::Into::into(pool);
                        ::alloy_runtime::__private::DeclaredTool::tool(
                            &__ALLOY_TOOL,
                            true,
                            move |__alloy_arguments: &::alloy_runtime::__private::Arguments<'_>| {
                                let __alloy_0 = ::std::sync::Arc::clone(&__alloy_0);
                                let __alloy_1 = ::alloy_runtime::__private::Arguments::get(
                                    __alloy_arguments,
                                    &__ALLOY_1,
                                )?;
                                let __alloy_2 = ::std::sync::Arc::clone(&__alloy_2);
                                ::core::result::Result::Ok(
                                    ::alloy_runtime::__private::later(async move {
                                        let __alloy_value = query(
                                                &*__alloy_0,
                                                &__alloy_1,
                                                ::core::clone::Clone::clone(&*__alloy_2),
                                            )
                                            .await;
                                        {
                                            use ::alloy_runtime::__private::{
                                                TellResult as _, TellValue as _,
                                            };
                                            (&&::alloy_runtime::__private::ToTell(&__alloy_value))
                                                .__alloy_how()
                                                .told(__alloy_value)
                                        }
                                    }),
                                )
                            },
                        )
                    }
                }
                impl ::alloy_runtime::__private::DeclaredAsTool for query {
                    type Handle = Self;
                }
            };
        "##]],
    );
}

#[test]
fn a_command_with_tools() {
    check(
        r#""Go", tools(add, math::divide)"#,
        "async fn go() -> String;",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "a prompt is made of the parameters"
            )]
            fn go() -> ::alloy_runtime::Command<String, ::alloy_runtime::WithTools> {
                static __ALLOY_DEFINITION: ::alloy_runtime::__private::Definition = ::alloy_runtime::__private::Definition::new(
                        "go",
                    )
                    .tools(const {
                        &[
                            {
                                #[allow(unused_imports, reason = "only for names that are no tools")]
                                use ::alloy_runtime::__private::no_tool::*;
                                {
                                    #[allow(unused_imports, reason = "told as no tool")]
                                    use add as __AlloyTool;
                                    ::alloy_runtime::__private::listed::<__AlloyTool>
                                        as fn() -> ::alloy_runtime::Tool
                                }
                            },
                            {
                                #[allow(unused_imports, reason = "only for names that are no tools")]
                                use ::alloy_runtime::__private::no_tool::*;
                                {
                                    #[allow(unused_imports, reason = "told as no tool")]
                                    use math::divide as __AlloyTool;
                                    ::alloy_runtime::__private::listed::<__AlloyTool>
                                        as fn() -> ::alloy_runtime::Tool
                                }
                            },
                        ]
                    });
                let __alloy_prompt = ::alloy_runtime::__private::render(
                    4usize,
                    ::core::format_args!("Go"),
                );
                ::alloy_runtime::Command::tools(
                    ::alloy_runtime::__private::command::<
                        String,
                    >(&__ALLOY_DEFINITION, __alloy_prompt),
                    ::core::option::Option::None,
                )
            }
        "##]],
    );
}
