//! What stands in for a tool whose declaration is wrong.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};

use super::expand::{cfgs, handle_type};
use super::model::Names;
use crate::function::{Body, Function};

/// The function as it is, and a tool of its name, so that calls of both keep their types.
//
// Input:  fn add(a: i64, (b, c): (i64, i64)) -> i64 { a + b + c }
// Output: fn add(a: i64, (b, c): (i64, i64)) -> i64 { a + b + c }
//         #[doc(hidden)]
//         struct add {}
//         const _: () = {
//             impl add {
//                 fn tool() -> Tool { ::core::unimplemented!() }
//                 fn with<>() -> Tool { ::core::unimplemented!() }
//             }
//             …
//         };
pub(super) fn tool(function: &Function, names: &Names, states: usize) -> TokenStream {
    let Names { handle, path } = names;
    let states: Vec<_> = (0..states)
        .map(|number| format_ident!("S{number}"))
        .collect();
    let Function {
        attrs,
        vis,
        sig,
        body,
    } = function;
    let is_command = function.has_command();
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
                #vis fn with<#(#states),*>(#(_: #states),*) -> #path::Tool { ::core::unimplemented!() }
            }
            impl #path::__private::DeclaredAsTool for #handle { type Handle = Self; }
            impl #path::__private::WithoutState for #handle {
                fn __alloy_tool() -> #path::Tool { ::core::unimplemented!() }
            }
        };
    }
}
