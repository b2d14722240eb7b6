//! Expansions of generated declarations, most of them not valid.

use proc_macro2::TokenStream;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{Macro, command_macro, tool_macro};
use crate::entry;

/// Generates a list of fewer than `max` parts of declarations, joined by spaces.
fn parts(of: &'static [&'static str], max: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(of), 0..max).prop_map(|parts| parts.join(" "))
}

// A declaration that is not valid must not panic, and must leave items that parse.
#[allow(
    clippy::too_many_lines,
    reason = "most lines are parts of declarations"
)]
#[test]
fn every_declaration_expands_to_items() {
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
        parts(ATTRIBUTE, 6),
        parts(BEFORE, 4),
        prop::sample::select(NAME),
        parts(PARAMETERS, 4),
        parts(AFTER, 4),
    );
    let mut config = Config::default();
    config.cases = config.cases.max(5000);
    config.failure_persistence = None;
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let expanded = TestRunner::new_with_rng(config, random).run(
        &declarations,
        |(attribute, before, name, parameters, after)| {
            let item = format!("{before}\n{name}({parameters}) {after}");
            // rustc reports text that does not tokenize before it calls a macro.
            if let (Ok(attribute), Ok(item)) = (
                attribute.parse::<TokenStream>(),
                item.parse::<TokenStream>(),
            ) {
                for expand in [command_macro::expand as Macro, tool_macro::expand] {
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
