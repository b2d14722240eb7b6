//! What stands in for a command whose declaration is wrong.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Path, ReturnType};

use super::expand::header;
use crate::function::Function;

/// The function with the type that it would have, so that calls of it, and the IDE, keep theirs.
//
// Input:  async fn extract(text: &str) -> User;
// Output: fn extract(text: &str) -> ::alloy_runtime::Command<User> { ::core::unimplemented!() }
pub(super) fn command(function: &Function, path: &Path) -> TokenStream {
    let Function {
        attrs,
        vis,
        sig,
        body: _,
    } = function;
    let output = match &sig.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => {
            super::validate::inside_result(ty).map_or_else(|| quote!(#ty), |ty| quote!(#ty))
        }
    };
    let header = header(sig, &quote!(#path::Command<#output>));
    quote! {
        #(#attrs)*
        #[allow(unused_variables, dead_code, clippy::all, clippy::pedantic, reason = "stands in for a command with mistakes")]
        #vis #header { ::core::unimplemented!() }
    }
}
