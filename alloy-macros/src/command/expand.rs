//! The expansion of a command.
//!
//! The user's tokens keep their spans, so that rustc and the IDE point where their author wrote them;
//! all else has the macro's. Local names are `mixed_site` and begin with `__alloy_`, so that no
//! parameter can be meant by accident.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, LitStr, Path, Safety, Signature, Type, parse_quote};

use super::model::{Block, Command, Prompt, Setting, System, Template, Value};
use crate::contract::Contract;
use crate::doc::is_doc;
use crate::function::{local, placed};
use crate::template::Piece;

/// Writes a command.
//
// Input:
//     /// Extract the user.
//     #[command(model = "ollama:llama3.1")]
//     pub async fn extract(text: &str) -> User;
// Output:
//     /// Extract the user.
//     #[allow(clippy::needless_pass_by_value, clippy::unused_self, reason = "…")]
//     pub fn extract(text: &str) -> ::alloy_runtime::Command<User> {
//         static __ALLOY_DEFINITION: ::alloy_runtime::__private::Definition =
//             ::alloy_runtime::__private::Definition::new("extract").model("ollama:llama3.1");
//         let __alloy_prompt = { … };
//         ::alloy_runtime::__private::command::<User>(&__ALLOY_DEFINITION, __alloy_prompt)
//     }
pub(super) fn command(command: &Command<'_>) -> TokenStream {
    let Command {
        attrs,
        vis,
        output,
        path,
        ..
    } = command;
    let returns = match command.tools.is_empty() {
        true => quote!(#path::Command<#output>),
        false => quote!(#path::Command<#output, #path::WithTools>),
    };
    let header = header(command.sig, &returns);
    let definition = definition(command);
    let returned = command
        .result
        .iter()
        .map(|result| quote!(#path::__private::returned::<#result, #output>();));
    let (prompt_local, system_local) = (local("__alloy_prompt"), local("__alloy_system"));
    let text = render_prompt(&command.prompt, path);
    // Before the prompt, whose body may move a parameter that the system text mentions.
    let (render_system, call) = match &command.system {
        Some(System::Rendered(template)) => {
            let system = render_template(template, path);
            (
                quote!(let #system_local = #system;),
                quote!(#path::__private::command_with_system::<#output>(&__ALLOY_DEFINITION, #prompt_local, #system_local)),
            )
        }
        Some(System::Fixed(_)) | None => (
            TokenStream::new(),
            quote!(#path::__private::command::<#output>(&__ALLOY_DEFINITION, #prompt_local)),
        ),
    };
    let mut call = ensured(call, &command.ensures, output, path);
    if !command.tools.is_empty() {
        // Those of the attribute are in the definition: here the command takes on their mode.
        call = quote!(#path::Command::tools(#call, ::core::option::Option::None));
    }
    let file = command.prompt_file.as_ref().map(|path| {
        quote! {
            const _: &[::core::primitive::u8] = ::core::include_bytes!(::core::concat!(
                ::core::env!("CARGO_MANIFEST_DIR"),
                "/",
                #path
            ));
        }
    });
    let mut body = Group::new(
        Delimiter::Brace,
        quote! {
            static __ALLOY_DEFINITION: #path::__private::Definition = #definition;
            #(#returned)*
            #file
            #render_system
            let #prompt_local = #text;
            #call
        },
    );
    body.set_span(command.body_span);
    quote! {
        #(#attrs)*
        #[allow(clippy::needless_pass_by_value, clippy::unused_self, reason = "a prompt is made of the parameters")]
        #vis #header #body
    }
}

/// The function's header: no `async`, another return type, no docs on parameters.
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

/// The call, with the conditions of its answers.
//
// Input:  #[ensure(|user| user.age < 130, "age must be below 130")]
// Output: ::alloy_runtime::__private::ensured(…, |__alloy_answer: &User, __alloy_broken| {
//             let __alloy_holds: fn(&User) -> ::core::primitive::bool = |user| user.age < 130;
//             if !__alloy_holds(__alloy_answer) {
//                 __alloy_broken.push("age must be below 130");
//             }
//         })
fn ensured(call: TokenStream, ensures: &[Contract], output: &Type, path: &Path) -> TokenStream {
    if ensures.is_empty() {
        return call;
    }
    let (answer, broken) = (local("__alloy_answer"), local("__alloy_broken"));
    let holds = local("__alloy_holds");
    let checks = ensures.iter().map(|ensure| {
        let (condition, message) = (ensure.of_answer(), &ensure.message);
        quote! {
            let #holds: fn(&#output) -> ::core::primitive::bool = #condition;
            if !#holds(#answer) {
                #broken.push(#message);
            }
        }
    });
    quote!(#path::__private::ensured(#call, |#answer: &#output, #broken| { #(#checks)* }))
}

/// What the attribute says, as a constant.
fn definition(command: &Command<'_>) -> TokenStream {
    let path = &command.path;
    let name = command.sig.ident.unraw().to_string();
    let system = command.system.iter().filter_map(|system| match system {
        System::Fixed(text) => Some(quote!(.system(#text))),
        System::Rendered(_) => None,
    });
    let settings = command.settings.iter().map(|Setting { key, value }| {
        let value = match value {
            Value::Tokens(value) => value.clone(),
            Value::Think(variant) => quote!(#path::__private::Think::#variant),
            Value::Options(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|(name, json)| quote!(#path::__private::OptionPair::new(#name, #json)));
                quote!(const { &[#(#pairs),*] })
            }
        };
        quote!(.#key(#value))
    });
    let tools = tools(&command.tools, path);
    quote!(#path::__private::Definition::new(#name) #(#system)* #(#settings)* #tools)
}

/// The tools that the attribute lists. A name that is no tool's is told to be none: in the inner block it is
/// imported for all that it is, and where it is no type, the outer block has one that is no tool.
//
// Input:  tools(math::add)
// Output: .tools(const { &[{
//             use ::alloy_runtime::__private::no_tool::*;
//             {
//                 use math::add as __AlloyTool;
//                 ::alloy_runtime::__private::listed::<__AlloyTool> as fn() -> ::alloy_runtime::Tool
//             }
//         }] })
fn tools(tools: &[Path], path: &Path) -> Option<TokenStream> {
    let listed = tools.iter().map(|tool| {
        // rustc points at what is no tool where it is named.
        let place = tool.span().resolved_at(Span::call_site());
        let alias = Ident::new("__AlloyTool", place);
        let listed = placed(path, place);
        let listed = quote_spanned!(place=> #listed::__private::listed::<#alias>);
        // A parameter of the same name is not meant: it is nothing that could be imported.
        let tool = tool.to_token_stream().into_iter().map(|mut token| {
            token.set_span(token.span().resolved_at(Span::mixed_site()));
            token
        });
        let tool: TokenStream = tool.collect();
        quote! {
            {
                #[allow(unused_imports, reason = "only for names that are no tools")]
                use #path::__private::no_tool::*;
                {
                    #[allow(unused_imports, reason = "told as no tool")]
                    use #tool as __AlloyTool;
                    #listed as fn() -> #path::Tool
                }
            }
        }
    });
    (!tools.is_empty()).then(|| quote!(.tools(const { &[#(#listed),*] })))
}

fn render_prompt(prompt: &Prompt<'_>, path: &Path) -> TokenStream {
    match prompt {
        Prompt::Template(template) => render_template(template, path),
        Prompt::Body { block, fallible } => render_body(block, *fallible, path),
        Prompt::Words { text, blocks } => render_words(text, blocks, path),
    }
}

/// What a body yields.
//
// Input:  { text.trim() }
// Output: ::alloy_runtime::__private::body((|| { text.trim() })())
//
// Input:  { text.parse::<u8>()?.to_string() }, of a command that returns a `Result`
// Output: ::alloy_runtime::__private::fallible_body(
//             (|| -> Result<_, BoxError> { Ok({ text.parse::<u8>()?.to_string() }) })()
//         )
fn render_body(block: &Group, fallible: bool, path: &Path) -> TokenStream {
    // The body's place, so that rustc points at a body that yields no prompt; the macro's context, so
    // that no lint takes the closure, or the braces in `Ok({ … })`, for the user's.
    let span = block.span().resolved_at(Span::mixed_site());
    if fallible {
        let mut block = block.clone();
        block.set_span(span);
        let yielded = quote_spanned! {span=>
            (|| -> ::core::result::Result<_, #path::__private::BoxError> {
                ::core::result::Result::Ok(#block)
            })()
        };
        quote!(#path::__private::fallible_body(#yielded))
    } else {
        let yielded = quote_spanned!(span=> (|| #block)());
        quote!(#path::__private::body(#yielded))
    }
}

/// A template, rendered.
//
// Input:  "Extract: {text}"
// Output: ::alloy_runtime::__private::render(30, ::core::format_args!("Extract: {text}"))
//
// Input:  "
//             Extract the user.
//             {text}
//         "
// Output: {
//             let _ = ::core::format_args!("…");              // as written: rustc's errors point into it
//             use ::alloy_runtime::__private::Fallback as _;
//             ::alloy_runtime::__private::render(
//                 40,
//                 ::core::format_args!("Extract the user.\n{}", (&::alloy_runtime::__private::Given(&text)).part()),
//             )
//         }
fn render_template(template: &Template, path: &Path) -> TokenStream {
    let (literal, pieces) = match template {
        Template::Literal(literal) => return render_literal(literal, path),
        Template::Dedented { literal, pieces } => (literal, pieces),
    };
    let mut format = String::new();
    let mut parts = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => format.push_str(&text.replace('{', "{{").replace('}', "}}")),
            Piece::Placeholder { name, spec } => {
                let name = parameter(name, literal.span());
                if spec.is_empty() {
                    format.push_str("{}");
                    parts.push(quote!((&#path::__private::Given(&#name)).part()));
                } else {
                    format.extend(["{:", spec, "}"]);
                    parts.push(quote!(#name));
                }
            }
        }
    }
    let capacity = capacity(&format);
    // The literal's span, because a width (`{x:width$}`) is captured by name.
    let format = LitStr::new(&format, literal.span());
    quote! {
        {
            let _ = ::core::format_args!(#literal);
            use #path::__private::Fallback as _;
            #path::__private::render(#capacity, ::core::format_args!(#format #(, #parts)*))
        }
    }
}

fn render_literal(literal: &LitStr, path: &Path) -> TokenStream {
    let capacity = capacity(&literal.value());
    quote!(#path::__private::render(#capacity, ::core::format_args!(#literal)))
}

/// Room for a template's text and as much again for what its placeholders become.
fn capacity(template: &str) -> usize {
    template.len() * 2
}

/// A parameter by the name a template has for it.
fn parameter(name: &str, span: Span) -> TokenStream {
    if name == "self" {
        return quote_spanned!(span=> self);
    }
    let ident = syn::parse_str::<Ident>(name).map_or_else(
        // A keyword: the parameter was declared raw.
        |_| Ident::new_raw(name, span),
        |_| Ident::new(name, span),
    );
    quote!(#ident)
}

/// A doc comment or a name, and the parameters it does not mention.
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
fn render_words(text: &LitStr, blocks: &[Block], path: &Path) -> TokenStream {
    if blocks.is_empty() {
        return render_literal(text, path);
    }
    let (words, value) = (local("__alloy_text"), local("__alloy_value"));
    let start = render_literal(text, path);
    let pushes = blocks.iter().map(|Block { name, optional }| {
        let label = name.unraw().to_string();
        let push =
            |value: TokenStream| quote!(#path::__private::push_block(&mut #words, #label, #value););
        if *optional {
            let push = push(quote!(#value));
            quote!(if let ::core::option::Option::Some(#value) = &#name { #push })
        } else {
            push(quote_spanned!(name.span()=> &#name))
        }
    });
    quote! {
        {
            let mut #words = #start;
            #(#pushes)*
            #words
        }
    }
}
