//! The expansion of a tool: its function, and a type that stands for it.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, LitStr, Pat, Path, Signature, parse_quote};

use super::model::{Names, Param, Pass, Source, Tool};
use crate::function::{Body, Function, local, placed, plain_name, typed};
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
//         impl WithoutState for add { fn __alloy_tool() -> Tool { add::tool() } }
//     };
pub(super) fn tool(tool: &Tool<'_>) -> TokenStream {
    let Names { handle, path } = &tool.names;
    let function = function(tool);
    let handle_type = handle_type(tool.function, handle);
    let cfgs = cfgs(tool.function);
    let parameters = tool.params.iter().enumerate();
    let parameters = parameters.filter_map(|(index, param)| parameter(index, param, path));
    let (constructor, checked) = (constructor(tool), checked(tool));
    let without_state = (!tool.has_state()).then(|| {
        quote! {
            impl #path::__private::WithoutState for #handle {
                fn __alloy_tool() -> #path::Tool { #handle::tool() }
            }
        }
    });
    quote! {
        #function
        #handle_type
        #(#cfgs)*
        const _: () = {
            #(#parameters)*
            impl #handle { #constructor #checked }
            impl #path::__private::DeclaredAsTool for #handle { type Handle = Self; }
            #without_state
        };
    }
}

/// The type in braces, which is no value: the function keeps its name there.
pub(super) fn handle_type(function: &Function, handle: &Ident) -> TokenStream {
    let (vis, cfgs) = (&function.vis, cfgs(function));
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub, reason = "stands for the function")]
        #vis struct #handle {}
    }
}

/// What decides whether the function is there at all.
pub(super) fn cfgs(function: &Function) -> impl Iterator<Item = &Attribute> {
    let attrs = function.attrs.iter();
    attrs.filter(|attr| attr.path().is_ident("cfg"))
}

/// The function; one with conditions is held to them by [`checked`].
//
// Input:  #[require(b != 0, "b must not be zero")]
//         fn divide(a: i64, b: i64) -> Result<i64> { Ok(a / b) }
// Output: fn divide(a: i64, b: i64) -> Result<i64> {
//             ::alloy_runtime::__private::checked("divide", divide::__alloy_checked(a, b))
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
    if !tool.has_conditions() {
        return quote!(#(#attrs)* #owned #vis #sig #block);
    }
    let Names { handle, path } = &tool.names;
    let name = tool_name(sig);
    let arguments = typed(sig).filter_map(plain_name);
    let awaited = sig.asyncness.map(|_| quote!(.await));
    // The return type's place, so that rustc points at one that cannot tell a broken condition.
    let place = tool.returned_at(Span::mixed_site());
    let path = placed(path, place);
    let mut body = Group::new(
        Delimiter::Brace,
        quote_spanned!(place=> #path::__private::checked(#name, #handle::__alloy_checked(#(#arguments),*) #awaited)),
    );
    body.set_span(block.span());
    let sig = without_mut(sig);
    quote!(#(#attrs)* #owned #vis #sig #body)
}

/// The function between its conditions; `None` where it has none.
//
// Output: fn __alloy_checked(a: i64, b: i64) -> Result<Result<i64>, Broken> {
//             fn __alloy_body(a: i64, b: i64) -> Result<i64> { Ok(a / b) }
//             let __alloy_holds: bool = b != 0;
//             if !__alloy_holds { return Err(Broken::require("b must not be zero")); }
//             let __alloy_result = __alloy_body(a, b);
//             if let Ok(__alloy_answer) = &__alloy_result { … }
//             Ok(__alloy_result)
//         }
fn checked(tool: &Tool<'_>) -> Option<TokenStream> {
    let (Body::Block(block), true) = (&tool.function.body, tool.has_conditions()) else {
        return None;
    };
    let path = &tool.names.path;
    let (holds, result) = (local("__alloy_holds"), local("__alloy_result"));
    let answer = local("__alloy_answer");
    let refuse = |kind: &str, message: &LitStr| {
        let kind = Ident::new(kind, Span::call_site());
        quote!(if !#holds {
            return ::core::result::Result::Err(#path::__private::Broken::#kind(#message));
        })
    };
    let requires = tool.requires.iter().map(|contract| {
        let condition = &contract.condition;
        let refuse = refuse("require", &contract.message);
        quote!(let #holds: ::core::primitive::bool = #condition; #refuse)
    });
    let returns = tool.returns.as_ref();
    let result_type = returns.and_then(inside_result);
    let ensures = tool.ensures.iter().map(|contract| {
        let condition = contract.of_answer();
        let refuse = refuse("ensure", &contract.message);
        quote! {
            let #holds: fn(&#result_type) -> ::core::primitive::bool = #condition;
            let #holds = #holds(#answer);
            #refuse
        }
    });
    let ensures = (!tool.ensures.is_empty())
        .then(|| quote!(if let ::core::result::Result::Ok(#answer) = &#result { #(#ensures)* }));
    let sig = &tool.function.sig;
    let arguments = typed(sig).filter_map(plain_name);
    let awaited = sig.asyncness.map(|_| quote!(.await));
    // In a function of its own, so that what leaves it early is held to the conditions as well.
    let mut body = Signature {
        ident: local("__alloy_body"),
        ..sig.clone()
    };
    for input in &mut body.inputs {
        let read = |name| tool.requires.iter().any(|require| require.reads(name));
        match input {
            FnArg::Typed(typed) if plain_name(typed).is_some_and(read) => typed
                .attrs
                .push(parse_quote!(#[allow(unused_variables, reason = "a condition reads it")])),
            _ => {}
        }
    }
    let checked = Signature {
        ident: Ident::new("__alloy_checked", Span::call_site()),
        output: parse_quote!(-> ::core::result::Result<#returns, #path::__private::Broken>),
        ..without_mut(sig)
    };
    Some(quote! {
        #[allow(deprecated, clippy::needless_pass_by_value, reason = "as the function itself")]
        #checked {
            #[allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps, reason = "a broken condition is an error")]
            #body #block
            #(#requires)*
            let #result = __alloy_body(#(#arguments),*) #awaited;
            #ensures
            ::core::result::Result::Ok(#result)
        }
    })
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

impl Tool<'_> {
    fn has_conditions(&self) -> bool {
        !self.requires.is_empty() || !self.ensures.is_empty()
    }

    fn has_state(&self) -> bool {
        let mut params = self.params.iter();
        params.any(|param| matches!(param.source, Source::State))
    }

    /// The place of the return type.
    fn returned_at(&self, context: Span) -> Span {
        self.returns
            .as_ref()
            .map_or(context, |ty| ty.span().resolved_at(context))
    }
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
    let mut parameter = quote!(#path::__private::parameter::<#ty>(#name, #description));
    if let Some((value, shown)) = default {
        let shown = match shown {
            Some(shown) => quote!(::core::option::Option::Some(#shown)),
            None => quote!(::core::option::Option::None),
        };
        parameter = quote!(#path::__private::Parameter::or(#parameter, || #value, #shown));
    }
    Some(quote!(const #constant: #path::__private::Parameter<#ty> = #parameter;))
}

fn constant(index: usize) -> Ident {
    Ident::new(&format!("__ALLOY_{index}"), Span::call_site())
}

/// What makes the tool: of nothing, or of its state.
//
// Output: pub fn with(db: impl ::core::convert::Into<::std::sync::Arc<Db>>) -> ::alloy_runtime::Tool {
//             static __ALLOY_TOOL: DeclaredTool = DeclaredTool::new("query", "…", &[Parameter::shown(&__ALLOY_1)]);
//             let __alloy_0: ::std::sync::Arc<Db> = ::core::convert::Into::into(db);
//             DeclaredTool::tool(&__ALLOY_TOOL, false, move |__alloy_arguments: &Arguments<'_>| {
//                 let __alloy_1 = Arguments::get(__alloy_arguments, &__ALLOY_1)?;
//                 let __alloy_value = query(&*__alloy_0, &__alloy_1);
//                 Ok(now(…))
//             })
//         }
fn constructor(tool: &Tool<'_>) -> TokenStream {
    let Names { handle, path } = &tool.names;
    let Function { vis, sig, .. } = tool.function;
    let (given, value) = (local("__alloy_arguments"), local("__alloy_value"));
    let (mut shown, mut states, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    let (mut read, mut arguments) = (Vec::new(), Vec::new());
    for (index, param) in tool.params.iter().enumerate() {
        let Param { name, ty, .. } = param;
        let (bound, constant) = (local(&format!("__alloy_{index}")), constant(index));
        match param.source {
            Source::State => {
                let name = local(&name.to_string());
                states.push(quote!(#name: impl ::core::convert::Into<::std::sync::Arc<#ty>>));
                kept.push(
                    quote!(let #bound: ::std::sync::Arc<#ty> = ::core::convert::Into::into(#name);),
                );
                if tool.is_async {
                    // For the future of this call.
                    read.push(quote!(let #bound = ::std::sync::Arc::clone(&#bound);));
                }
            }
            Source::Model { .. } => {
                shown.push(quote!(#path::__private::Parameter::shown(&#constant)));
                read.push(
                    quote!(let #bound = #path::__private::Arguments::get(#given, &#constant)?;),
                );
            }
        }
        arguments.push(param.pass.argument(&bound, ty));
    }
    let awaited = tool.is_async.then(|| quote!(.await));
    // The return type's place, so that rustc points at one that no model can be told.
    let place = tool.returned_at(Span::call_site());
    let told = Ident::new("__alloy_value", place.resolved_at(Span::mixed_site()));
    let told = quote_spanned!(place=> told(#told));
    let told = quote! {{
        use #path::__private::{TellResult as _, TellValue as _};
        (&&#path::__private::ToTell(&#value)).__alloy_how().#told
    }};
    let function = &sig.ident;
    let run = match tool.has_conditions() {
        false => quote!({
            let #value = #function(#(#arguments),*) #awaited;
            #told
        }),
        true => quote!({
            match #handle::__alloy_checked(#(#arguments),*) #awaited {
                ::core::result::Result::Ok(#value) => #told,
                ::core::result::Result::Err(#value) => #path::__private::Broken::told(#value),
            }
        }),
    };
    // A tool that only models call is used.
    let used = tool.has_conditions().then(|| quote!(let _ = #function;));
    let run = match tool.is_async {
        false => quote!(#path::__private::now(#run)),
        true => quote!(#path::__private::later(async move #run)),
    };
    let (constructor, doc) = match tool.has_state() {
        false => (quote!(tool), "The function as a tool."),
        true => (quote!(with), "The function as a tool with this state."),
    };
    let (name, description, is_async) = (tool_name(sig), &tool.description, tool.is_async);
    quote! {
        #[doc = #doc]
        #[allow(deprecated, unreachable_pub, reason = "as the function itself")]
        #vis fn #constructor(#(#states),*) -> #path::Tool {
            static __ALLOY_TOOL: #path::__private::DeclaredTool =
                #path::__private::DeclaredTool::new(#name, #description, const { &[#(#shown),*] });
            #(#kept)*
            #used
            #path::__private::DeclaredTool::tool(
                &__ALLOY_TOOL,
                #is_async,
                move |#given: &#path::__private::Arguments<'_>| {
                    #(#read)*
                    ::core::result::Result::Ok(#run)
                },
            )
        }
    }
}

impl Pass {
    /// What the function gets of what is kept.
    fn argument(&self, kept: &Ident, ty: &TokenStream) -> TokenStream {
        match self {
            Self::Owned => quote!(#kept),
            Self::Borrowed => quote!(&#kept),
            Self::OptionBorrowed => quote!(::core::option::Option::as_ref(&#kept)),
            Self::OptionDeref => quote!(::core::option::Option::as_deref(&#kept)),
            Self::State => quote!(&*#kept),
            Self::StateOwned => {
                let place = ty.span().resolved_at(Span::call_site());
                quote_spanned!(place=> ::core::clone::Clone::clone(&*#kept))
            }
        }
    }
}
