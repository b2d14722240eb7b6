//! Expansions of `#[tool]`.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "the snapshots are written by a tool"
)]

use expect_test::expect;

use super::check_tool;

#[test]
fn a_tool() {
    check_tool(
        "",
        "/** Adds. */ pub fn add(/** The first. */ a: i64, #[tool(default = 1)] b: i64, of: Option<&str>) -> i64 { a + b }",
        &expect![[r#"
            /// Adds.
            #[allow(clippy::needless_pass_by_value, reason = "a tool owns its arguments")]
            pub fn add(a: i64, b: i64, of: Option<&str>) -> i64 {
                a + b
            }
            #[doc(hidden)]
            #[allow(
                non_camel_case_types,
                missing_debug_implementations,
                unreachable_pub,
                reason = "the type is named after the function"
            )]
            pub struct add {}
            const _: () = {
                const __ALLOY_0: ::alloy_runtime::__private::Parameter<i64> = ::alloy_runtime::__private::parameter::<
                    i64,
                >("a", "The first.");
                const __ALLOY_1: ::alloy_runtime::__private::Parameter<i64> = ::alloy_runtime::__private::Parameter::with_default(
                    ::alloy_runtime::__private::parameter::<i64>("b", ""),
                    || 1,
                    ::core::option::Option::Some("1"),
                );
                const __ALLOY_2: ::alloy_runtime::__private::Parameter<
                    ::core::option::Option<::std::string::String>,
                > = ::alloy_runtime::__private::Parameter::with_default(
                    ::alloy_runtime::__private::parameter::<
                        ::core::option::Option<::std::string::String>,
                    >("of", ""),
                    || ::core::option::Option::None,
                    ::core::option::Option::None,
                );
                impl add {
                    ///Returns the function as a tool.
                    #[allow(deprecated, unreachable_pub, reason = "as the function itself")]
                    pub fn tool() -> ::alloy_runtime::Tool {
                        static __ALLOY_TOOL: ::alloy_runtime::__private::DeclaredTool = ::alloy_runtime::__private::DeclaredTool::new(
                            "add",
                            "Adds.",
                            const {
                                &[
                                    ::alloy_runtime::__private::Parameter::spec(&__ALLOY_0),
                                    ::alloy_runtime::__private::Parameter::spec(&__ALLOY_1),
                                    ::alloy_runtime::__private::Parameter::spec(&__ALLOY_2),
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
                                    ::alloy_runtime::__private::sync_run({
                                        let __alloy_value = add(
                                            __alloy_0,
                                            __alloy_1,
                                            ::core::option::Option::as_deref(&__alloy_2),
                                        );
                                        {
                                            use ::alloy_runtime::__private::{
                                                ReturnsResult as _, ReturnsValue as _,
                                            };
                                            (&&::alloy_runtime::__private::ReturnValue(&__alloy_value))
                                                .__alloy_kind()
                                                .into_outcome(__alloy_value)
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

#[allow(clippy::too_many_lines, reason = "one long snapshot")]
#[test]
fn a_tool_with_conditions() {
    check_tool(
        "handle = Divide, crate = ::llm",
        "#[require(b != 0, \"b must not be zero\")] #[ensure(|it| *it > 0, \"above zero\")] async fn divide(mut a: i64, b: i64) -> Result<i64> { Ok(a / b) }",
        &expect![[r##"
            #[allow(clippy::needless_pass_by_value, reason = "a tool owns its arguments")]
            async fn divide(a: i64, b: i64) -> Result<i64> {
                ::llm::__private::checked("divide", Divide::__alloy_checked(a, b).await)
            }
            #[doc(hidden)]
            #[allow(
                non_camel_case_types,
                missing_debug_implementations,
                unreachable_pub,
                reason = "the type is named after the function"
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
                    ///Returns the function as a tool.
                    #[allow(deprecated, unreachable_pub, reason = "as the function itself")]
                    fn tool() -> ::llm::Tool {
                        static __ALLOY_TOOL: ::llm::__private::DeclaredTool = ::llm::__private::DeclaredTool::new(
                            "divide",
                            "Divide\nRequires: b must not be zero.\nEnsures: above zero.",
                            const {
                                &[
                                    ::llm::__private::Parameter::spec(&__ALLOY_0),
                                    ::llm::__private::Parameter::spec(&__ALLOY_1),
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
                                    ::llm::__private::async_run(async move {
                                        match Divide::__alloy_checked(__alloy_0, __alloy_1).await {
                                            ::core::result::Result::Ok(__alloy_value) => {
                                                use ::llm::__private::{
                                                    ReturnsResult as _, ReturnsValue as _,
                                                };
                                                (&&::llm::__private::ReturnValue(&__alloy_value))
                                                    .__alloy_kind()
                                                    .into_outcome(__alloy_value)
                                            }
                                            ::core::result::Result::Err(__alloy_value) => {
                                                ::llm::__private::ContractViolation::into_outcome(
                                                    __alloy_value,
                                                )
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
                    ) -> ::core::result::Result<Result<i64>, ::llm::__private::ContractViolation> {
                        #[allow(
                            clippy::needless_pass_by_value,
                            clippy::unnecessary_wraps,
                            reason = "a failed condition is an error"
                        )]
                        async fn __alloy_body(
                            mut a: i64,
                            #[allow(unused_variables, reason = "a condition uses it")]
                            b: i64,
                        ) -> Result<i64> {
                            Ok(a / b)
                        }
                        let __alloy_condition: ::core::primitive::bool = b != 0;
                        if !__alloy_condition {
                            return ::core::result::Result::Err(
                                ::llm::__private::ContractViolation::require("b must not be zero"),
                            );
                        }
                        let __alloy_result = __alloy_body(a, b).await;
                        if let ::core::result::Result::Ok(__alloy_answer) = &__alloy_result {
                            let __alloy_condition: fn(&i64) -> ::core::primitive::bool = |it| {
                                *it > 0
                            };
                            let __alloy_condition = __alloy_condition(__alloy_answer);
                            if !__alloy_condition {
                                return ::core::result::Result::Err(
                                    ::llm::__private::ContractViolation::ensure("above zero"),
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

#[allow(clippy::too_many_lines, reason = "one long snapshot")]
#[test]
fn a_tool_with_state() {
    check_tool(
        "",
        "async fn query(#[tool(state)] db: &Db, sql: &str, #[tool(state)] pool: Pool) -> Rows { db.run(sql) }",
        &expect![[r##"
            #[allow(clippy::needless_pass_by_value, reason = "a tool owns its arguments")]
            async fn query(db: &Db, sql: &str, pool: Pool) -> Rows {
                db.run(sql)
            }
            #[doc(hidden)]
            #[allow(
                non_camel_case_types,
                missing_debug_implementations,
                unreachable_pub,
                reason = "the type is named after the function"
            )]
            struct query {}
            const _: () = {
                const __ALLOY_1: ::alloy_runtime::__private::Parameter<::std::string::String> = ::alloy_runtime::__private::parameter::<
                    ::std::string::String,
                >("sql", "");
                impl query {
                    #[doc(hidden)]
                    #[allow(dead_code, unreachable_pub, reason = "only for the error of a call")]
                    fn tool() -> ::alloy_runtime::Tool
                    where
                        for<'any> &'any Self: ::alloy_runtime::__private::HasNoState,
                    {
                        ::alloy_runtime::__private::no_tool()
                    }
                    ///Returns the function as a tool with this state.
                    #[allow(deprecated, unreachable_pub, reason = "as the function itself")]
                    fn with(
                        db: impl ::core::convert::Into<::std::sync::Arc<Db>>,
                        pool: impl ::core::convert::Into<::std::sync::Arc<Pool>>,
                    ) -> ::alloy_runtime::Tool {
                        static __ALLOY_TOOL: ::alloy_runtime::__private::DeclaredTool = ::alloy_runtime::__private::DeclaredTool::new(
                            "query",
                            "Query",
                            const { &[::alloy_runtime::__private::Parameter::spec(&__ALLOY_1)] },
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
                                    ::alloy_runtime::__private::async_run(async move {
                                        let __alloy_value = query(
                                                &*__alloy_0,
                                                &__alloy_1,
                                                ::core::clone::Clone::clone(&*__alloy_2),
                                            )
                                            .await;
                                        {
                                            use ::alloy_runtime::__private::{
                                                ReturnsResult as _, ReturnsValue as _,
                                            };
                                            (&&::alloy_runtime::__private::ReturnValue(&__alloy_value))
                                                .__alloy_kind()
                                                .into_outcome(__alloy_value)
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
