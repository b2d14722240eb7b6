//! Writes the expansion of a command.
//!
//! The user's tokens keep their spans, so that rustc and the IDE point to where they were written; all other
//! tokens have the macro's span. Local names are `mixed_site` and begin with `__alloy_`, so that they cannot
//! refer to a parameter.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, Path, Safety, Signature, parse_quote};

use super::model::{Command, ParamBlock, Prompt, Setting, SettingValue, SystemMessage, Template};
use crate::doc::is_doc;
use crate::function::{mixed_ident, respan};

/// Expands a command.
//
// Input:
//     /// Extract the user.
//     #[command(model = "ollama:llama3.1")]
//     pub async fn extract(text: &str) -> User;
// Output:
//     /// Extract the user.
//     #[allow(clippy::needless_pass_by_value, clippy::unused_self, reason = "…")]
//     pub fn extract(text: &str) -> ::alloy_runtime::Command<User> {
//         static __ALLOY_DEFINITION: ::alloy_runtime::__private::CommandDefinition =
//             ::alloy_runtime::__private::CommandDefinition::new("extract")
//                 .template("Extract the user.")
//                 .model("ollama:llama3.1");
//         let __alloy_prompt = { … };
//         ::alloy_runtime::__private::command::<User>(&__ALLOY_DEFINITION, __alloy_prompt)
//     }
pub(super) fn command(command: &Command<'_>) -> TokenStream {
    let Command {
        attrs,
        vis,
        output,
        crate_path,
        ..
    } = command;
    let returns = match command.tools.is_empty() {
        true => quote!(#crate_path::Command<#output>),
        false => quote!(#crate_path::Command<#output, #crate_path::WithTools>),
    };
    let header = header(command.sig, &returns);
    let definition = definition(command);
    let check_return_type = command
        .result
        .iter()
        .map(|result| quote!(#crate_path::__private::check_return_type::<#result, #output>();));
    let (prompt_local, system_local) =
        (mixed_ident("__alloy_prompt"), mixed_ident("__alloy_system"));
    let prompt = render_prompt(&command.prompt, crate_path);
    // Before the prompt, because a body can move a parameter that the system message uses.
    let (render_system, call) = match &command.system {
        Some(SystemMessage::Rendered(template)) => {
            let system = render_template(template, crate_path);
            (
                quote!(let #system_local = #system;),
                quote!(#crate_path::__private::command_with_system::<#output>(&__ALLOY_DEFINITION, #prompt_local, #system_local)),
            )
        }
        Some(SystemMessage::Fixed(_)) | None => (
            TokenStream::new(),
            quote!(#crate_path::__private::command::<#output>(&__ALLOY_DEFINITION, #prompt_local)),
        ),
    };
    let mut call = with_ensures(call, command);
    if !command.tools.is_empty() {
        // The definition has the tools of the attribute. This call only changes the type to `WithTools`.
        call = quote!(#crate_path::Command::tools(#call, ::core::option::Option::None));
    }
    let file = command.prompt_file.as_ref().map(|prompt_file| {
        quote! {
            const _: &[::core::primitive::u8] = ::core::include_bytes!(::core::concat!(
                ::core::env!("CARGO_MANIFEST_DIR"),
                "/",
                #prompt_file
            ));
        }
    });
    let mut body = Group::new(
        Delimiter::Brace,
        quote! {
            static __ALLOY_DEFINITION: #crate_path::__private::CommandDefinition = #definition;
            #(#check_return_type)*
            #file
            #render_system
            let #prompt_local = #prompt;
            #call
        },
    );
    body.set_span(command.body_span);
    quote! {
        #(#attrs)*
        #[allow(clippy::needless_pass_by_value, clippy::unused_self, reason = "the prompt is built from the parameters")]
        #vis #header #body
    }
}

/// Returns the signature of the expansion: no `async`, another return type, no docs on parameters.
//
// Input:  async fn extract<T>(/// The text.
//             text: &str) -> T where T: Output
// Output: fn extract<T>(text: &str) -> Command<T> where T: Output
pub(super) fn header(sig: &Signature, returns: &TokenStream) -> TokenStream {
    let mut sig = Signature {
        constness: None,
        asyncness: None,
        safety: Safety::Default,
        abi: None,
        variadic: None,
        output: parse_quote!(-> #returns),
        ..sig.clone()
    };
    for input in &mut sig.inputs {
        let attrs = match input {
            FnArg::Receiver(receiver) => &mut receiver.attrs,
            FnArg::Typed(typed) => &mut typed.attrs,
        };
        attrs.retain(|attr: &Attribute| !is_doc(attr));
    }
    sig.into_token_stream()
}

/// Adds the conditions of the answer to the call.
//
// Input:  #[ensure(|user| user.age < 130, "age must be below 130")]
// Output: ::alloy_runtime::__private::ensured(…, |__alloy_answer: &User, __alloy_failed| {
//             let __alloy_condition: fn(&User) -> ::core::primitive::bool = |user| user.age < 130;
//             if !__alloy_condition(__alloy_answer) {
//                 __alloy_failed.push("age must be below 130");
//             }
//         })
fn with_ensures(call: TokenStream, command: &Command<'_>) -> TokenStream {
    let (ensures, output) = (&command.ensures, &command.output);
    if ensures.is_empty() {
        return call;
    }
    let crate_path = &command.crate_path;
    let (answer, failed) = (mixed_ident("__alloy_answer"), mixed_ident("__alloy_failed"));
    let check = mixed_ident("__alloy_condition");
    let checks = ensures.iter().map(|ensure| {
        let (condition, message) = (ensure.as_closure(), &ensure.message);
        quote! {
            let #check: fn(&#output) -> ::core::primitive::bool = #condition;
            if !#check(#answer) {
                #failed.push(#message);
            }
        }
    });
    quote!(#crate_path::__private::ensured(#call, |#answer: &#output, #failed| { #(#checks)* }))
}

/// Writes the constant `CommandDefinition` from the keys of the attribute.
fn definition(command: &Command<'_>) -> TokenStream {
    let crate_path = &command.crate_path;
    let name = command.sig.ident.unraw().to_string();
    let system = command.system.iter().filter_map(|system| match system {
        SystemMessage::Fixed(text) => Some(quote!(.system(#text))),
        SystemMessage::Rendered(_) => None,
    });
    let settings = command.settings.iter().map(|Setting { key, value }| {
        let value = match value {
            SettingValue::Tokens(value) => value.clone(),
            SettingValue::Think(variant) => quote!(#crate_path::__private::Think::#variant),
            SettingValue::Options(pairs) => {
                let pairs = pairs.iter().map(
                    |(name, json)| quote!(#crate_path::__private::OptionPair::new(#name, #json)),
                );
                quote!(const { &[#(#pairs),*] })
            }
        };
        quote!(.#key(#value))
    });
    let tools = tools(&command.tools, crate_path);
    let template = match &command.prompt {
        Prompt::Template(template) | Prompt::Described { text: template, .. } => {
            let text = template.literal.value();
            quote!(.template(#text))
        }
        Prompt::Body { .. } => TokenStream::new(),
    };
    quote!(#crate_path::__private::CommandDefinition::new(#name) #template #(#system)* #(#settings)* #tools)
}

/// Writes the list of the key `tools`.
///
/// The inner block imports the name under an alias, so that only items are found and not a parameter of the same
/// name. If the name is not a type, for example a function without `#[tool]`, the alias refers to the type of
/// `not_a_tool` in the outer block, and rustc reports once that it is not a tool.
//
// Input:  tools(math::add)
// Output: .tools(const { &[{
//             use ::alloy_runtime::__private::not_a_tool::*;
//             {
//                 use math::add as __AlloyTool;
//                 ::alloy_runtime::__private::listed_tool::<__AlloyTool> as fn() -> ::alloy_runtime::Tool
//             }
//         }] })
fn tools(tools: &[Path], crate_path: &Path) -> Option<TokenStream> {
    let listed = tools.iter().map(|tool| {
        // The user's span, so that rustc reports errors at the name.
        let span = tool.span().resolved_at(Span::call_site());
        let alias = Ident::new("__AlloyTool", span);
        let listed = respan(crate_path, span);
        let listed = quote_spanned!(span=> #listed::__private::listed_tool::<#alias>);
        // Without the hygiene of the user's code, so that a parameter of the same name is not found.
        let tool = tool.to_token_stream().into_iter().map(|mut token| {
            token.set_span(token.span().resolved_at(Span::mixed_site()));
            token
        });
        let tool: TokenStream = tool.collect();
        quote! {
            {
                #[allow(unused_imports, reason = "only used by names that are not tools")]
                use #crate_path::__private::not_a_tool::*;
                {
                    #[allow(unused_imports, reason = "reported as not a tool")]
                    use #tool as __AlloyTool;
                    #listed as fn() -> #crate_path::Tool
                }
            }
        }
    });
    (!tools.is_empty()).then(|| quote!(.tools(const { &[#(#listed),*] })))
}

fn render_prompt(prompt: &Prompt<'_>, crate_path: &Path) -> TokenStream {
    match prompt {
        Prompt::Template(template) => render_template(template, crate_path),
        Prompt::Body { block, fallible } => render_body(block, *fallible, crate_path),
        Prompt::Described { text, blocks } => render_description(text, blocks, crate_path),
    }
}

/// Writes the prompt from a body.
//
// Input:  { text.trim() }
// Output: ::alloy_runtime::__private::body((|| { text.trim() })())
//
// Input:  { text.parse::<u8>()?.to_string() }, of a command that returns a `Result`
// Output: ::alloy_runtime::__private::fallible_body(
//             (|| -> Result<_, BoxError> { Ok({ text.parse::<u8>()?.to_string() }) })()
//         )
fn render_body(block: &Group, fallible: bool, crate_path: &Path) -> TokenStream {
    // The span of the body, so that rustc reports there that its value is not a prompt; the macro's hygiene, so
    // that lints ignore the closure and the braces in `Ok({ … })`.
    let span = block.span().resolved_at(Span::mixed_site());
    if fallible {
        let mut block = block.clone();
        block.set_span(span);
        let yielded = quote_spanned! {span=>
            (|| -> ::core::result::Result<_, #crate_path::__private::BoxError> {
                ::core::result::Result::Ok(#block)
            })()
        };
        quote!(#crate_path::__private::fallible_body(#yielded))
    } else {
        let yielded = quote_spanned!(span=> (|| #block)());
        quote!(#crate_path::__private::body(#yielded))
    }
}

/// Writes the prompt from a template.
///
/// A parameter that is shown by `Display` is wrapped, so that an error names it: rustc's error of a type without
/// `Display`, and the error of a value that cannot be written. rustc reports its error at the parameter.
//
// Input:  "Extract: {text} {n:?}"
// Output: ::alloy_runtime::__private::render(42, ::core::format_args!(
//             "Extract: {text} {n:?}",
//             text = ::alloy_runtime::__private::TemplateArg::new("text", &text)
//         ))
fn render_template(template: &Template, crate_path: &Path) -> TokenStream {
    let Template { literal, displayed } = template;
    // Estimates the length in bytes: the template and as much again for its parameters.
    let capacity = literal.value().len() * 2;
    let arguments = displayed.iter().map(|name| {
        let span = name.span().resolved_at(Span::call_site());
        let (label, crate_path) = (name.unraw().to_string(), respan(crate_path, span));
        let argument =
            quote_spanned!(span=> #crate_path::__private::TemplateArg::new(#label, &#name));
        quote!(#name = #argument)
    });
    quote!(#crate_path::__private::render(#capacity, ::core::format_args!(#literal #(, #arguments)*)))
}

/// Writes the prompt from a doc comment or a name, and the parameters that it does not use.
//
// Input:  "Extract the user.", [text, note: Option]
// Output: {
//             let mut __alloy_text = ::alloy_runtime::__private::render(34, ::core::format_args!("Extract the user."));
//             ::alloy_runtime::__private::push_block(&mut __alloy_text, "text", &text);
//             if let ::core::option::Option::Some(__alloy_value) = &note {
//                 ::alloy_runtime::__private::push_block(&mut __alloy_text, "note", __alloy_value);
//             }
//             __alloy_text
//         }
fn render_description(text: &Template, blocks: &[ParamBlock], crate_path: &Path) -> TokenStream {
    let start = render_template(text, crate_path);
    if blocks.is_empty() {
        return start;
    }
    let (prompt, value) = (mixed_ident("__alloy_text"), mixed_ident("__alloy_value"));
    let pushes = blocks.iter().map(|ParamBlock { name, is_optional }| {
        let label = name.unraw().to_string();
        let push =
            |value: TokenStream| quote!(#crate_path::__private::push_block(&mut #prompt, #label, #value););
        if *is_optional {
            let push = push(quote!(#value));
            quote!(if let ::core::option::Option::Some(#value) = &#name { #push })
        } else {
            push(quote_spanned!(name.span()=> &#name))
        }
    });
    quote! {
        {
            let mut #prompt = #start;
            #(#pushes)*
            #prompt
        }
    }
}
