//! Expansions of `#[tool]` above `#[command]`.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "the snapshots are written by a tool"
)]

use expect_test::expect;

use super::{check_tool, expand_with, tool_macro};

// The command's macro reads its own conditions, so the tool must leave them on the function.
#[test]
fn a_command_below_a_tool_is_recognized() {
    let check = |command: &str, function: &str, is_command: bool| {
        let item = format!("{command} #[ensure(|it| *it > 0, \"above zero\")] {function}");
        // prettyplease cannot print a function without a body.
        let expansion = expand_with(tool_macro::expand, "crate = ::llm", &item).to_string();
        assert!(!expansion.contains("compile_error"), "{item}: {expansion}");
        assert_eq!(
            expansion.contains("ensure (|"),
            is_command,
            "{item}: {expansion}"
        );
        assert_ne!(
            expansion.contains("__alloy_checked"),
            is_command,
            "{item}: {expansion}"
        );
    };
    let without_body = "async fn count(text: &str) -> u8;";
    let with_body = "async fn count(text: &str) -> u8 { text.trim() }";
    for command in [
        "#[command]",
        "#[command()]",
        "#[command(crate = ::llm)]",
        "#[alloy_runtime::command]",
        "#[::alloy_runtime::command]",
        "#[alloy::command]",
        "#[my_alloy::command(model = \"m\")]",
        "#[llm::command(crate = ::llm)]",
        "#[::llm::command(crate = ::llm)]",
        "#[self::llm::command(crate = self::llm)]",
    ] {
        check(command, without_body, true);
        check(command, with_body, true);
    }
    // Macros of other crates with this name. They go on functions with a body.
    let fallible = "async fn count(text: &str) -> Result<u8> { text.parse() }";
    check("#[tauri::command]", fallible, false);
    check("#[::poise::command(slash_command)]", fallible, false);
    let not_async = "fn count(text: &str) -> Result<u8> { text.parse() }";
    check("#[cli::command]", not_async, false);
    check("#[inline]", fallible, false);
}

#[test]
fn a_tool_of_a_renamed_command_with_a_body() {
    check_tool(
        "crate = ::llm",
        "#[llm::command(crate = ::llm)] #[ensure(|it| *it > 0, \"above zero\")] async fn count(text: &str) -> u8 { text.trim() }",
        &expect![[r##"
            #[llm::command(crate = ::llm)]
            #[ensure(|it|*it>0, "above zero")]
            #[allow(clippy::needless_pass_by_value, reason = "a tool owns its arguments")]
            async fn count(text: &str) -> u8 {
                text.trim()
            }
            #[doc(hidden)]
            #[allow(
                non_camel_case_types,
                missing_debug_implementations,
                unreachable_pub,
                reason = "the type is named after the function"
            )]
            struct count {}
            const _: () = {
                const __ALLOY_0: ::llm::__private::Parameter<::std::string::String> = ::llm::__private::parameter::<
                    ::std::string::String,
                >("text", "");
                impl count {
                    ///Returns the function as a tool.
                    #[allow(deprecated, unreachable_pub, reason = "as the function itself")]
                    fn tool() -> ::llm::Tool {
                        static __ALLOY_TOOL: ::llm::__private::DeclaredTool = ::llm::__private::DeclaredTool::new(
                            "count",
                            "Count",
                            const { &[::llm::__private::Parameter::spec(&__ALLOY_0)] },
                        );
                        ::llm::__private::DeclaredTool::tool(
                            &__ALLOY_TOOL,
                            true,
                            move |__alloy_arguments: &::llm::__private::Arguments<'_>| {
                                let __alloy_0 = ::llm::__private::Arguments::get(
                                    __alloy_arguments,
                                    &__ALLOY_0,
                                )?;
                                ::core::result::Result::Ok(
                                    ::llm::__private::async_run(async move {
                                        let __alloy_value = count(&__alloy_0).await;
                                        {
                                            use ::llm::__private::{
                                                ReturnsResult as _, ReturnsValue as _,
                                            };
                                            (&&::llm::__private::ReturnValue(&__alloy_value))
                                                .__alloy_kind()
                                                .into_outcome(__alloy_value)
                                        }
                                    }),
                                )
                            },
                        )
                    }
                }
                impl ::llm::__private::DeclaredAsTool for count {
                    type Handle = Self;
                }
                impl ::llm::__private::WithoutState for count {
                    fn __alloy_tool() -> ::llm::Tool {
                        count::tool()
                    }
                }
            };
        "##]],
    );
}
