//! The expansion of a tool: its function, and a type that stands for it.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, LitStr, Pat, Path, Signature};

use super::model::{Default, Names, Param, Pass, Source, Tool};
use crate::attr;
use crate::function::{Body, Function, placed};
use crate::types::inside_result;

/// Writes a tool.
//
// Input:
//     /// Adds two numbers.
//     #[tool]
//     pub fn add(a: i64, #[tool(default = 1)] b: i64) -> i64 { a + b }
// Output:
//     /// Adds two numbers.
//     pub fn add(a: i64, b: i64) -> i64 { a + b }
//     #[doc(hidden)]
//     pub struct add {}
//     const _: () = {
//         const __ALLOY_0: Parameter<i64> = parameter::<i64>("a", "");
//         const __ALLOY_1: Parameter<i64> = parameter::<i64>("b", "").or(|| 1, Some("1"));
//         impl add { pub fn tool() -> Tool { … } }
//         impl DeclaredAsTool for add { type Handle = Self; }
//         impl WithoutState for add { fn tool() -> Tool { Self::tool() } }
//     };
pub(super) fn tool(tool: &Tool<'_>) -> TokenStream {
    let Names { handle, path } = &tool.names;
    let function = function(tool);
    let handle_type = handle_type(tool.function, handle);
    let cfgs = cfgs(tool.function);
    let parameters = tool.params.iter().enumerate();
    let parameters = parameters.filter_map(|(index, param)| parameter(index, param, path));
    let constructor = constructor(tool);
    let without_state = without_state(tool).then(|| {
        quote! {
            impl #path::__private::WithoutState for #handle {
                fn tool() -> #path::Tool { #handle::tool() }
            }
        }
    });
    quote! {
        #function
        #handle_type
        #(#cfgs)*
        const _: () = {
            #(#parameters)*
            impl #handle { #constructor }
            impl #path::__private::DeclaredAsTool for #handle { type Handle = Self; }
            #without_state
        };
    }
}

/// What stands in for a tool whose declaration is wrong: the function as it is, and a tool of its name.
pub(super) fn standin(function: &Function, Names { handle, path }: &Names) -> TokenStream {
    let Function {
        attrs,
        vis,
        sig,
        body,
    } = function;
    let is_command = attrs.iter().any(|attr| attr::is(attr, "command"));
    let body = match body {
        Body::Missing(semicolon) if is_command => semicolon.to_token_stream(),
        Body::Missing(_) => quote!({ ::core::unimplemented!() }),
        Body::Block(block) => block.to_token_stream(),
    };
    let function_alone = quote! {
        #(#attrs)*
        #[allow(unused_variables, dead_code, reason = "a tool with mistakes")]
        #vis #sig #body
    };
    if sig.receiver().is_some() {
        // In an `impl` nothing can stand beside it.
        return function_alone;
    }
    let (handle_type, cfgs) = (handle_type(function, handle), cfgs(function));
    quote! {
        #function_alone
        #handle_type
        #(#cfgs)*
        #[allow(dead_code, reason = "a tool with mistakes")]
        const _: () = {
            impl #handle {
                #vis fn tool() -> #path::Tool { ::core::unimplemented!() }
                #vis fn with<S>(_: S) -> #path::Tool { ::core::unimplemented!() }
            }
            impl #path::__private::DeclaredAsTool for #handle { type Handle = Self; }
            impl #path::__private::WithoutState for #handle {
                fn tool() -> #path::Tool { ::core::unimplemented!() }
            }
        };
    }
}

/// The type in braces, which is no value: the function keeps its name there.
fn handle_type(function: &Function, handle: &Ident) -> TokenStream {
    let (vis, cfgs) = (&function.vis, cfgs(function));
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub, reason = "stands for the function")]
        #vis struct #handle {}
    }
}

/// What decides whether the function is there at all.
fn cfgs(function: &Function) -> impl Iterator<Item = &Attribute> {
    let attrs = function.attrs.iter();
    attrs.filter(|attr| attr.path().is_ident("cfg"))
}

/// The function, held to its conditions.
//
// Input:  #[require(b != 0, "b must not be zero")]
//         fn divide(a: i64, b: i64) -> Result<i64> { Ok(a / b) }
// Output: fn divide(a: i64, b: i64) -> Result<i64> {
//             let __alloy_holds: bool = b != 0;
//             if !__alloy_holds {
//                 return ::alloy_runtime::__private::not_run("divide", "b must not be zero");
//             }
//             { Ok(a / b) }
//         }
fn function(tool: &Tool<'_>) -> TokenStream {
    let Function {
        attrs,
        vis,
        sig,
        body,
    } = tool.function;
    let block = match body {
        Body::Missing(semicolon) => return quote!(#(#attrs)* #vis #sig #semicolon),
        Body::Block(block) => block,
    };
    let owned = quote!(#[allow(clippy::needless_pass_by_value, reason = "what a model gives is the function's own")]);
    if tool.requires.is_empty() && tool.ensures.is_empty() {
        return quote!(#(#attrs)* #owned #vis #sig #block);
    }
    let path = &tool.names.path;
    let name = tool_name(sig);
    let local = |name| Ident::new(name, Span::mixed_site());
    let holds = local("__alloy_holds");
    // The return type's place, so that rustc points at one that cannot tell a broken condition.
    let place = tool.returns.as_ref().map_or_else(Span::mixed_site, |ty| {
        ty.span().resolved_at(Span::mixed_site())
    });
    let refuse = |by: &str, message: &LitStr| {
        let (path, by) = (placed(path, place), Ident::new(by, place));
        quote_spanned!(place=> return #path::__private::#by(#name, #message);)
    };
    let requires = tool.requires.iter().map(|contract| {
        let condition = &contract.condition;
        let refuse = refuse("not_run", &contract.message);
        quote! {
            let #holds: bool = #condition;
            if !#holds { #refuse }
        }
    });
    let (sig, inner, run) = match tool.ensures.is_empty() {
        true => (sig.clone(), None, quote!(#block)),
        false => {
            let (result, answer) = (local("__alloy_result"), local("__alloy_answer"));
            let result_type = tool.returns.as_ref().and_then(inside_result);
            let arguments = sig.inputs.iter().filter_map(argument_name);
            let awaited = sig.asyncness.map(|_| quote!(.await));
            let ensures = tool.ensures.iter().map(|contract| {
                let condition = contract.of_answer();
                let refuse = refuse("not_accepted", &contract.message);
                quote! {
                    let #holds: fn(&#result_type) -> bool = #condition;
                    if !#holds(#answer) { #refuse }
                }
            });
            let run = quote! {
                let #result = __alloy_body(#(#arguments),*) #awaited;
                if let ::core::result::Result::Ok(#answer) = &#result {
                    #(#ensures)*
                }
                #result
            };
            (without_mut(sig), Some(inner(sig, block)), run)
        }
    };
    let mut body = Group::new(Delimiter::Brace, quote!(#inner #(#requires)* #run));
    body.set_span(block.span());
    let wrapped =
        quote!(#[allow(clippy::unnecessary_wraps, reason = "a broken condition is an error")]);
    quote!(#(#attrs)* #owned #wrapped #vis #sig #body)
}

/// The body in a function of its own, so that what leaves it early is held to the conditions as well.
fn inner(sig: &Signature, block: &Group) -> TokenStream {
    let sig = Signature {
        ident: Ident::new("__alloy_body", Span::mixed_site()),
        ..sig.clone()
    };
    quote! {
        #[allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps, reason = "as the function itself")]
        #sig #block
    }
}

fn argument_name(input: &FnArg) -> Option<&Ident> {
    match input {
        FnArg::Typed(typed) => crate::function::plain_name(typed),
        FnArg::Receiver(_) => None,
    }
}

/// A signature whose parameters are only passed on.
fn without_mut(sig: &Signature) -> Signature {
    let mut sig = sig.clone();
    for input in &mut sig.inputs {
        if let FnArg::Typed(typed) = input {
            if let Pat::Ident(pat) = &mut *typed.pat {
                pat.mutability = None;
            }
        }
    }
    sig
}

/// The tool's name, as the model has it.
fn tool_name(sig: &Signature) -> String {
    sig.ident.unraw().to_string()
}

fn without_state(tool: &Tool<'_>) -> bool {
    !tool
        .params
        .iter()
        .any(|param| matches!(param.source, Source::State))
}

/// A parameter that the model gives, as a constant; `None` of state.
fn parameter(index: usize, param: &Param, path: &Path) -> Option<TokenStream> {
    let Source::Model {
        description,
        default,
    } = &param.source
    else {
        return None;
    };
    let (constant, ty) = (constant(index), &param.ty);
    let name = param.name.unraw().to_string();
    let or = match default {
        Default::Needed => None,
        Default::Optional => {
            Some(quote!(.or(|| ::core::option::Option::None, ::core::option::Option::None)))
        }
        Default::Value { value, shown } => {
            let shown = match shown {
                Some(shown) => quote!(::core::option::Option::Some(#shown)),
                None => quote!(::core::option::Option::None),
            };
            Some(quote!(.or(|| #value, #shown)))
        }
    };
    Some(quote! {
        const #constant: #path::__private::Parameter<#ty> =
            #path::__private::parameter::<#ty>(#name, #description) #or;
    })
}

fn constant(index: usize) -> Ident {
    Ident::new(&format!("__ALLOY_{index}"), Span::call_site())
}

/// What makes the tool: of nothing, or of its state.
//
// Output: pub fn with(db: impl ::core::convert::Into<::std::sync::Arc<Db>>) -> ::alloy_runtime::Tool {
//             static __ALLOY_TOOL: DeclaredTool = DeclaredTool::new("query", "…", &[__ALLOY_1.shown()]);
//             let db: ::std::sync::Arc<Db> = ::core::convert::Into::into(db);
//             __ALLOY_TOOL.tool(
//                 |__alloy_arguments| Ok((__alloy_arguments.get(&__ALLOY_1)?,)),
//                 move |(sql,)| {
//                     let __alloy_value = query(&db, &sql);
//                     …
//                 },
//             )
//         }
fn constructor(tool: &Tool<'_>) -> TokenStream {
    let path = &tool.names.path;
    let Function { vis, sig, .. } = tool.function;
    let local = |name: &str| Ident::new(name, Span::mixed_site());
    let (given, value) = (local("__alloy_arguments"), local("__alloy_value"));
    let bound = |index: usize| Ident::new(&format!("__alloy_{index}"), Span::mixed_site());
    let (function, name, description) = (&sig.ident, tool_name(sig), &tool.description);
    let numbered = || tool.params.iter().enumerate();
    let of_model = || numbered().filter(|(_, param)| matches!(param.source, Source::Model { .. }));
    let of_state = || numbered().filter(|(_, param)| matches!(param.source, Source::State));
    let shown = of_model().map(|(index, _)| constant(index));
    let read = of_model().map(|(index, _)| {
        let constant = constant(index);
        quote!(#given.get(&#constant)?)
    });
    let names = of_model().map(|(index, _)| bound(index));
    let types = of_model().map(|(_, param)| &param.ty);
    let arguments = numbered().map(|(index, param)| {
        let name = bound(index);
        match (&param.pass, &param.source) {
            (Pass::Owned, Source::State) => quote!(::core::clone::Clone::clone(&*#name)),
            (Pass::Owned, Source::Model { .. }) => quote!(#name),
            (Pass::Borrowed | Pass::Deref, _) => quote!(&#name),
            (Pass::OptionBorrowed, _) => quote!(::core::option::Option::as_ref(&#name)),
            (Pass::OptionDeref, _) => quote!(::core::option::Option::as_deref(&#name)),
        }
    });
    // The return type's place, so that rustc points at one that no model can be told.
    let place = tool.returns.as_ref().map_or_else(Span::call_site, |ty| {
        ty.span().resolved_at(Span::call_site())
    });
    let given_value = Ident::new("__alloy_value", place.resolved_at(Span::mixed_site()));
    let told = quote_spanned!(place=> told(#given_value));
    let told = quote! {{
        use #path::__private::{ByResult as _, ByValue as _, ByWrapped as _};
        (&&&#path::__private::ToTell(&#value)).__alloy_how().#told
    }};
    let awaited = tool.is_async.then(|| quote!(.await));
    let run = quote!({
        let #value = #function(#(#arguments),*) #awaited;
        #told
    });
    let (method, run) = match tool.is_async {
        false => (quote!(tool), run),
        true => {
            let states = of_state().map(|(index, _)| {
                let name = bound(index);
                quote!(let #name = ::std::sync::Arc::clone(&#name);)
            });
            (quote!(async_tool), quote!({ #(#states)* async move #run }))
        }
    };
    let states = of_state().map(|(_, Param { name, ty, .. })| {
        quote!(#name: impl ::core::convert::Into<::std::sync::Arc<#ty>>)
    });
    let kept = of_state().map(|(index, Param { name, ty, .. })| {
        let bound = bound(index);
        quote!(let #bound: ::std::sync::Arc<#ty> = ::core::convert::Into::into(#name);)
    });
    let (constructor, doc) = match without_state(tool) {
        true => (quote!(tool), "The function as a tool."),
        false => (quote!(with), "The function as a tool with this state."),
    };
    quote! {
        #[doc = #doc]
        #[allow(deprecated, unreachable_pub, reason = "as the function itself")]
        #vis fn #constructor(#(#states),*) -> #path::Tool {
            static __ALLOY_TOOL: #path::__private::DeclaredTool =
                #path::__private::DeclaredTool::new(#name, #description, const { &[#(#shown.shown()),*] });
            #(#kept)*
            __ALLOY_TOOL.#method(
                |#given| ::core::result::Result::Ok((#(#read,)*)),
                move |(#(#names,)*): (#(#types,)*)| #run,
            )
        }
    }
}
