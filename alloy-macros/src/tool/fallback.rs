//! Replaces a tool whose declaration has errors.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};

use super::expand::{cfgs, handle_type};
use super::model::ToolNames;
use crate::function::{Body, Function};

/// Writes the function unchanged, and the type of the tool, so that the users of both keep their types.
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
pub(super) fn tool(function: &Function, names: &ToolNames, state_count: usize) -> TokenStream {
    let ToolNames { handle, crate_path } = names;
    let states: Vec<_> = (0..state_count)
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
        #[allow(unused_variables, dead_code, reason = "a tool with errors")]
        #vis #sig #body
    };
    if sig.receiver().is_some() {
        // A method is in an `impl` block, which cannot contain the type.
        return function_alone;
    }
    let (handle_type, cfgs) = (handle_type(function, handle), cfgs(function));
    quote! {
        #function_alone
        #handle_type
        #(#cfgs)*
        #[allow(dead_code, reason = "a tool with errors")]
        const _: () = {
            impl #handle {
                #vis fn tool() -> #crate_path::Tool { ::core::unimplemented!() }
                #vis fn with<#(#states),*>(#(_: #states),*) -> #crate_path::Tool { ::core::unimplemented!() }
            }
            impl #crate_path::__private::DeclaredAsTool for #handle { type Handle = Self; }
            impl #crate_path::__private::WithoutState for #handle {
                fn __alloy_tool() -> #crate_path::Tool { ::core::unimplemented!() }
            }
        };
    }
}
