//! Expansions of `#[command]`.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "the snapshots are written by a tool"
)]

use expect_test::expect;

use super::check_command;

#[test]
fn a_command_with_a_model() {
    check_command(
        r#"model = "ollama:llama3.1""#,
        "async fn extract(text: &str) -> User;",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "the prompt is built from the parameters"
            )]
            fn extract(text: &str) -> ::alloy_runtime::Command<User> {
                static __ALLOY_DEFINITION: ::alloy_runtime::__private::CommandDefinition = ::alloy_runtime::__private::CommandDefinition::new(
                        "extract",
                    )
                    .template("Extract")
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
fn a_template_with_keys() {
    check_command(
        r#""Extract: {text}", model = "m", system = "Be brief.", temperature = 1, max_tokens = 40, timeout = "2m", crate = ::llm"#,
        "pub(crate) async fn extract<T: Output>(&self, /** the text */ mut text: String) -> T;",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "the prompt is built from the parameters"
            )]
            pub(crate) fn extract<T: Output>(&self, mut text: String) -> ::llm::Command<T> {
                static __ALLOY_DEFINITION: ::llm::__private::CommandDefinition = ::llm::__private::CommandDefinition::new(
                        "extract",
                    )
                    .template("Extract: {text}")
                    .system("Be brief.")
                    .model("m")
                    .temperature(1f64)
                    .max_tokens(40u32)
                    .timeout(120000u64);
                let __alloy_prompt = ::llm::__private::render(
                    30usize,
                    ::core::format_args!(
                        "Extract: {text}", text = ::llm::__private::TemplateArg::new("text", & text)
                    ),
                );
                ::llm::__private::command::<T>(&__ALLOY_DEFINITION, __alloy_prompt)
            }
        "##]],
    );
}

#[test]
fn a_template_of_several_lines() {
    check_command(
        "\"\n    Greet {name:>5}.\n    {{Be}} {tone}.\n\", system = \"You are {tone}.\"",
        "async fn greet(name: &str, tone: &str);",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "the prompt is built from the parameters"
            )]
            fn greet(name: &str, tone: &str) -> ::alloy_runtime::Command<()> {
                static __ALLOY_DEFINITION: ::alloy_runtime::__private::CommandDefinition = ::alloy_runtime::__private::CommandDefinition::new(
                        "greet",
                    )
                    .template("Greet {name:>5}.\n{{Be}} {tone}.");
                let __alloy_system = ::alloy_runtime::__private::render(
                    30usize,
                    ::core::format_args!(
                        "You are {tone}.", tone =
                        ::alloy_runtime::__private::TemplateArg::new("tone", & tone)
                    ),
                );
                let __alloy_prompt = ::alloy_runtime::__private::render(
                    62usize,
                    ::core::format_args!(
                        "Greet {name:>5}.\n{{Be}} {tone}.", name =
                        ::alloy_runtime::__private::TemplateArg::new("name", & name), tone =
                        ::alloy_runtime::__private::TemplateArg::new("tone", & tone)
                    ),
                );
                ::alloy_runtime::__private::command_with_system::<
                    (),
                >(&__ALLOY_DEFINITION, __alloy_prompt, __alloy_system)
            }
        "##]],
    );
}

#[test]
fn a_doc_comment_and_an_optional_parameter() {
    check_command(
        "",
        "/// Translate {text}.\n/// # Panics\n/// Never.\nasync fn translate(text: &str, note: Option<&str>) -> String;",
        &expect![[r#"
            /// Translate {text}.
            /// # Panics
            /// Never.
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "the prompt is built from the parameters"
            )]
            fn translate(text: &str, note: Option<&str>) -> ::alloy_runtime::Command<String> {
                static __ALLOY_DEFINITION: ::alloy_runtime::__private::CommandDefinition = ::alloy_runtime::__private::CommandDefinition::new(
                        "translate",
                    )
                    .template("Translate {text}.");
                let __alloy_prompt = {
                    let mut __alloy_text = ::alloy_runtime::__private::render(
                        34usize,
                        ::core::format_args!(
                            "Translate {text}.", text =
                            ::alloy_runtime::__private::TemplateArg::new("text", & text)
                        ),
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
fn a_body_with_and_without_question_marks() {
    check_command(
        "",
        "async fn sum(text: &str) -> u8 { format!(\"{}\", text.trim()) }",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "the prompt is built from the parameters"
            )]
            fn sum(text: &str) -> ::alloy_runtime::Command<u8> {
                static __ALLOY_DEFINITION: ::alloy_runtime::__private::CommandDefinition = ::alloy_runtime::__private::CommandDefinition::new(
                    "sum",
                );
                let __alloy_prompt = ::alloy_runtime::__private::body(
                    (|| { format!("{}", text.trim()) })(),
                );
                ::alloy_runtime::__private::command::<u8>(&__ALLOY_DEFINITION, __alloy_prompt)
            }
        "##]],
    );
    check_command(
        "",
        "async fn sum(text: &str) -> Result<u8> { let n: u8 = text.parse()?; n.to_string() }",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "the prompt is built from the parameters"
            )]
            fn sum(text: &str) -> ::alloy_runtime::Command<u8> {
                static __ALLOY_DEFINITION: ::alloy_runtime::__private::CommandDefinition = ::alloy_runtime::__private::CommandDefinition::new(
                    "sum",
                );
                ::alloy_runtime::__private::check_return_type::<Result<u8>, u8>();
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
fn errors_leave_a_function_with_the_return_type_of_a_command() {
    check_command(
        "modle = 1",
        "fn extract((a, b): (u8, u8)) -> Result<User> { 1 }",
        &expect![[r##"
            #[allow(
                unused_variables,
                dead_code,
                clippy::all,
                clippy::pedantic,
                reason = "replaces a command with errors"
            )]
            fn extract((a, b): (u8, u8)) -> ::alloy_runtime::Command<User> {
                ::core::unimplemented!()
            }
            ::core::compile_error! {
                "unknown key `modle`; did you mean `model`? the keys are `prompt`, `prompt_file`, `model`, `fallback`, `system`, `temperature`, `max_tokens`, `retry`, `timeout`, `max_tool_turns`, `think`, `options`, `tools`, `crate`"
            }
            ::core::compile_error! {
                "a command must be an `async fn`, because its answer is awaited; write `async fn extract`"
            }
            ::core::compile_error! {
                "a parameter of a command must be written `name: Type`, because the prompt uses it by name"
            }
        "##]],
    );
}

#[test]
fn a_command_with_tools() {
    check_command(
        r#""Go", tools(add, math::divide)"#,
        "async fn go() -> String;",
        &expect![[r##"
            #[allow(
                clippy::needless_pass_by_value,
                clippy::unused_self,
                reason = "the prompt is built from the parameters"
            )]
            fn go() -> ::alloy_runtime::Command<String, ::alloy_runtime::WithTools> {
                static __ALLOY_DEFINITION: ::alloy_runtime::__private::CommandDefinition = ::alloy_runtime::__private::CommandDefinition::new(
                        "go",
                    )
                    .template("Go")
                    .tools(const {
                        &[
                            {
                                #[allow(
                                    unused_imports,
                                    reason = "only used by names that are not tools"
                                )]
                                use ::alloy_runtime::__private::not_a_tool::*;
                                {
                                    #[allow(unused_imports, reason = "reported as not a tool")]
                                    use add as __AlloyTool;
                                    ::alloy_runtime::__private::listed_tool::<__AlloyTool>
                                        as fn() -> ::alloy_runtime::Tool
                                }
                            },
                            {
                                #[allow(
                                    unused_imports,
                                    reason = "only used by names that are not tools"
                                )]
                                use ::alloy_runtime::__private::not_a_tool::*;
                                {
                                    #[allow(unused_imports, reason = "reported as not a tool")]
                                    use math::divide as __AlloyTool;
                                    ::alloy_runtime::__private::listed_tool::<__AlloyTool>
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
