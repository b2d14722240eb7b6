//! Writes the expansion of a tool: the function, and a type by which commands refer to the tool.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, LitStr, Pat, Path, Signature, parse_quote};

use super::model::{ParamSource, PassMode, Tool, ToolNames, ToolParam};
use crate::function::{Body, Function, mixed_ident, plain_name, respan, typed_params};
use crate::types::result_ok;

/// Expands a tool.
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
//         const __ALLOY_1: Parameter<i64> = Parameter::with_default(parameter::<i64>("b", ""), || 1, Some("1"));
//         impl add { pub fn tool() -> Tool { … } }
//         impl DeclaredAsTool for add { type Handle = Self; }
//         impl WithoutState for add { fn __alloy_tool() -> Tool { add::tool() } }
//     };
pub(super) fn tool(tool: &Tool<'_>) -> TokenStream {
    let ToolNames { handle, crate_path } = &tool.names;
    let function = function(tool);
    let handle_type = handle_type(tool.function, handle);
    let cfgs = cfgs(tool.function);
    let parameters = tool.params.iter().enumerate();
    let parameters = parameters.filter_map(|(index, param)| parameter(index, param, crate_path));
    let (constructor, checked) = (constructor(tool), checked(tool));
    let without_state = (!tool.has_state()).then(|| {
        quote! {
            impl #crate_path::__private::WithoutState for #handle {
                fn __alloy_tool() -> #crate_path::Tool { #handle::tool() }
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
            impl #crate_path::__private::DeclaredAsTool for #handle { type Handle = Self; }
            #without_state
        };
    }
}

/// Writes the type of the tool. It has braces, because a unit struct would also be a value with the name of the
/// function.
pub(super) fn handle_type(function: &Function, handle: &Ident) -> TokenStream {
    let (vis, cfgs) = (&function.vis, cfgs(function));
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub, reason = "the type is named after the function")]
        #vis struct #handle {}
    }
}

/// Returns the `#[cfg]` attributes of the function, which its type needs as well.
pub(super) fn cfgs(function: &Function) -> impl Iterator<Item = &Attribute> {
    let attrs = function.attrs.iter();
    attrs.filter(|attr| attr.path().is_ident("cfg"))
}

/// Writes the function. The body of a function with conditions moves to [`checked`], and the function calls it.
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
    let allow_owned =
        quote!(#[allow(clippy::needless_pass_by_value, reason = "a tool owns its arguments")]);
    if !tool.has_conditions() {
        return quote!(#(#attrs)* #allow_owned #vis #sig #block);
    }
    let ToolNames { handle, crate_path } = &tool.names;
    let name = tool_name(sig);
    let arguments = typed_params(sig).filter_map(plain_name);
    let awaited = sig.asyncness.map(|_| quote!(.await));
    // The span of the return type, so that rustc reports there that its error cannot be created from a failed
    // condition.
    let span = tool.return_span(Span::mixed_site());
    let crate_path = respan(crate_path, span);
    let mut body = Group::new(
        Delimiter::Brace,
        quote_spanned!(span=> #crate_path::__private::checked(#name, #handle::__alloy_checked(#(#arguments),*) #awaited)),
    );
    body.set_span(block.span());
    let sig = without_mut(sig);
    quote!(#(#attrs)* #allow_owned #vis #sig #body)
}

/// Writes the associated function that checks the conditions before and after the body. Returns `None` without
/// conditions.
//
// Output: fn __alloy_checked(a: i64, b: i64) -> Result<Result<i64>, ContractViolation> {
//             fn __alloy_body(a: i64, b: i64) -> Result<i64> { Ok(a / b) }
//             let __alloy_condition: bool = b != 0;
//             if !__alloy_condition { return Err(ContractViolation::require("b must not be zero")); }
//             let __alloy_result = __alloy_body(a, b);
//             if let Ok(__alloy_answer) = &__alloy_result { … }
//             Ok(__alloy_result)
//         }
fn checked(tool: &Tool<'_>) -> Option<TokenStream> {
    let (Body::Block(block), true) = (&tool.function.body, tool.has_conditions()) else {
        return None;
    };
    let crate_path = &tool.names.crate_path;
    let check = mixed_ident("__alloy_condition");
    let result = mixed_ident("__alloy_result");
    let answer = mixed_ident("__alloy_answer");
    let return_violation = |kind: &str, message: &LitStr| {
        let kind = Ident::new(kind, Span::call_site());
        quote!(if !#check {
            return ::core::result::Result::Err(#crate_path::__private::ContractViolation::#kind(#message));
        })
    };
    let requires = tool.requires.iter().map(|contract| {
        let condition = &contract.condition;
        let return_violation = return_violation("require", &contract.message);
        quote!(let #check: ::core::primitive::bool = #condition; #return_violation)
    });
    let returns = tool.returns.as_ref();
    let result_type = returns.and_then(result_ok);
    let ensures = tool.ensures.iter().map(|contract| {
        let condition = contract.as_closure();
        let return_violation = return_violation("ensure", &contract.message);
        quote! {
            let #check: fn(&#result_type) -> ::core::primitive::bool = #condition;
            let #check = #check(#answer);
            #return_violation
        }
    });
    let ensures = (!tool.ensures.is_empty())
        .then(|| quote!(if let ::core::result::Result::Ok(#answer) = &#result { #(#ensures)* }));
    let sig = &tool.function.sig;
    let arguments = typed_params(sig).filter_map(plain_name);
    let awaited = sig.asyncness.map(|_| quote!(.await));
    // The body is a nested function, so that the conditions are also checked after an early `return`.
    let mut body = Signature {
        ident: mixed_ident("__alloy_body"),
        ..sig.clone()
    };
    for input in &mut body.inputs {
        let is_used = |name| tool.requires.iter().any(|require| require.uses(name));
        match input {
            FnArg::Typed(typed) if plain_name(typed).is_some_and(is_used) => typed
                .attrs
                .push(parse_quote!(#[allow(unused_variables, reason = "a condition uses it")])),
            _ => {}
        }
    }
    let checked = Signature {
        ident: Ident::new("__alloy_checked", Span::call_site()),
        output: parse_quote!(-> ::core::result::Result<#returns, #crate_path::__private::ContractViolation>),
        ..without_mut(sig)
    };
    Some(quote! {
        #[allow(deprecated, clippy::needless_pass_by_value, reason = "as the function itself")]
        #checked {
            #[allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps, reason = "a failed condition is an error")]
            #body #block
            #(#requires)*
            let #result = __alloy_body(#(#arguments),*) #awaited;
            #ensures
            ::core::result::Result::Ok(#result)
        }
    })
}

/// Removes `mut` from parameters that are only passed to another function.
fn without_mut(sig: &Signature) -> Signature {
    let mut sig = sig.clone();
    for input in &mut sig.inputs {
        if let FnArg::Typed(typed) = input
            && let Pat::Ident(pat) = &mut *typed.pat
        {
            pat.mutability = None;
        }
    }
    sig
}

/// Returns the name by which the model calls the tool.
fn tool_name(sig: &Signature) -> String {
    sig.ident.unraw().to_string()
}

impl Tool<'_> {
    fn has_conditions(&self) -> bool {
        !self.requires.is_empty() || !self.ensures.is_empty()
    }

    fn has_state(&self) -> bool {
        let mut params = self.params.iter();
        params.any(|param| matches!(param.source, ParamSource::State))
    }

    /// Returns the span of the return type, with the given hygiene.
    fn return_span(&self, hygiene: Span) -> Span {
        self.returns
            .as_ref()
            .map_or(hygiene, |ty| ty.span().resolved_at(hygiene))
    }
}

/// Writes the constant of a parameter that the model passes. Returns `None` for state.
fn parameter(index: usize, param: &ToolParam, crate_path: &Path) -> Option<TokenStream> {
    let ParamSource::Model {
        description,
        default,
    } = &param.source
    else {
        return None;
    };
    let (constant, ty) = (constant(index), &param.ty);
    let name = param.name.unraw().to_string();
    let mut parameter = quote!(#crate_path::__private::parameter::<#ty>(#name, #description));
    if let Some((value, json)) = default {
        let json = match json {
            Some(json) => quote!(::core::option::Option::Some(#json)),
            None => quote!(::core::option::Option::None),
        };
        parameter =
            quote!(#crate_path::__private::Parameter::with_default(#parameter, || #value, #json));
    }
    Some(quote!(const #constant: #crate_path::__private::Parameter<#ty> = #parameter;))
}

fn constant(index: usize) -> Ident {
    Ident::new(&format!("__ALLOY_{index}"), Span::call_site())
}

/// Writes the constructor of the tool: `tool`, or `with` for a tool with state. The `tool` of such a tool has a bound
/// that does not hold, whose error says to call `with`.
//
// Output: pub fn with(db: impl ::core::convert::Into<::std::sync::Arc<Db>>) -> ::alloy_runtime::Tool {
//             static __ALLOY_TOOL: DeclaredTool = DeclaredTool::new("query", "…", &[Parameter::spec(&__ALLOY_1)]);
//             let __alloy_0: ::std::sync::Arc<Db> = ::core::convert::Into::into(db);
//             DeclaredTool::tool(&__ALLOY_TOOL, false, move |__alloy_arguments: &Arguments<'_>| {
//                 let __alloy_1 = Arguments::get(__alloy_arguments, &__ALLOY_1)?;
//                 let __alloy_value = query(&*__alloy_0, &__alloy_1);
//                 Ok(sync_run(…))
//             })
//         }
fn constructor(tool: &Tool<'_>) -> TokenStream {
    let ToolNames { handle, crate_path } = &tool.names;
    let Function { vis, sig, .. } = tool.function;
    let json = mixed_ident("__alloy_arguments");
    let value = mixed_ident("__alloy_value");
    let (mut specs, mut states, mut stored) = (Vec::new(), Vec::new(), Vec::new());
    let (mut read, mut arguments) = (Vec::new(), Vec::new());
    for (index, param) in tool.params.iter().enumerate() {
        let ToolParam { name, ty, .. } = param;
        let (bound, constant) = (mixed_ident(&format!("__alloy_{index}")), constant(index));
        match param.source {
            ParamSource::State => {
                let name = mixed_ident(&name.to_string());
                states.push(quote!(#name: impl ::core::convert::Into<::std::sync::Arc<#ty>>));
                stored.push(
                    quote!(let #bound: ::std::sync::Arc<#ty> = ::core::convert::Into::into(#name);),
                );
                if tool.is_async {
                    // The future of each call owns its state.
                    read.push(quote!(let #bound = ::std::sync::Arc::clone(&#bound);));
                }
            }
            ParamSource::Model { .. } => {
                specs.push(quote!(#crate_path::__private::Parameter::spec(&#constant)));
                read.push(
                    quote!(let #bound = #crate_path::__private::Arguments::get(#json, &#constant)?;),
                );
            }
        }
        arguments.push(param.pass.argument(&bound, ty));
    }
    let awaited = tool.is_async.then(|| quote!(.await));
    // The span of the return type, so that rustc reports there that it cannot be sent to a model.
    let span = tool.return_span(Span::call_site());
    let returned = Ident::new("__alloy_value", span.resolved_at(Span::mixed_site()));
    let into_outcome = quote_spanned!(span=> into_outcome(#returned));
    let outcome = quote! {{
        use #crate_path::__private::{ReturnsResult as _, ReturnsValue as _};
        (&&#crate_path::__private::ReturnValue(&#value)).__alloy_kind().#into_outcome
    }};
    let function = &sig.ident;
    let run = match tool.has_conditions() {
        false => quote!({
            let #value = #function(#(#arguments),*) #awaited;
            #outcome
        }),
        true => quote!({
            match #handle::__alloy_checked(#(#arguments),*) #awaited {
                ::core::result::Result::Ok(#value) => #outcome,
                ::core::result::Result::Err(#value) => #crate_path::__private::ContractViolation::into_outcome(#value),
            }
        }),
    };
    // Only `__alloy_checked` is called, so rustc would report the function as dead code.
    let used = tool.has_conditions().then(|| quote!(let _ = #function;));
    let run = match tool.is_async {
        false => quote!(#crate_path::__private::sync_run(#run)),
        true => quote!(#crate_path::__private::async_run(async move #run)),
    };
    let (constructor, doc, without_state) = match tool.has_state() {
        false => (quote!(tool), "Returns the function as a tool.", None),
        true => (
            quote!(with),
            "Returns the function as a tool with this state.",
            Some(quote! {
                #[doc(hidden)]
                #[allow(dead_code, unreachable_pub, reason = "only for the error of a call")]
                #vis fn tool() -> #crate_path::Tool
                where
                    for<'any> &'any Self: #crate_path::__private::HasNoState,
                {
                    #crate_path::__private::no_tool()
                }
            }),
        ),
    };
    let (name, description, is_async) = (tool_name(sig), &tool.description, tool.is_async);
    quote! {
        #without_state
        #[doc = #doc]
        #[allow(deprecated, unreachable_pub, reason = "as the function itself")]
        #vis fn #constructor(#(#states),*) -> #crate_path::Tool {
            static __ALLOY_TOOL: #crate_path::__private::DeclaredTool =
                #crate_path::__private::DeclaredTool::new(#name, #description, const { &[#(#specs),*] });
            #(#stored)*
            #used
            #crate_path::__private::DeclaredTool::tool(
                &__ALLOY_TOOL,
                #is_async,
                move |#json: &#crate_path::__private::Arguments<'_>| {
                    #(#read)*
                    ::core::result::Result::Ok(#run)
                },
            )
        }
    }
}

impl PassMode {
    /// Writes the argument of the function from the stored value.
    fn argument(&self, stored: &Ident, ty: &TokenStream) -> TokenStream {
        match self {
            Self::Owned => quote!(#stored),
            Self::Borrowed => quote!(&#stored),
            Self::OptionBorrowed => quote!(::core::option::Option::as_ref(&#stored)),
            Self::OptionDeref => quote!(::core::option::Option::as_deref(&#stored)),
            Self::State => quote!(&*#stored),
            Self::StateOwned => {
                let span = ty.span().resolved_at(Span::call_site());
                quote_spanned!(span=> ::core::clone::Clone::clone(&*#stored))
            }
        }
    }
}
