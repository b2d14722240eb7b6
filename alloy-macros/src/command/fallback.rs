//! Replaces a command whose declaration has errors.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{Path, ReturnType};

use super::expand::header;
use crate::attr;
use crate::function::Function;
use crate::types::{find_borrowed_or_impl, result_ok};

/// Writes the function with the return type of a command, so that its callers keep their types.
//
// Input:  async fn extract(text: &str) -> User;
// Output: fn extract(text: &str) -> ::alloy_runtime::Command<User> { ::core::unimplemented!() }
pub(super) fn command(function: &Function, crate_path: &Path) -> TokenStream {
    let Function {
        attrs,
        vis,
        sig,
        body: _,
    } = function;
    let output = match &sig.output {
        ReturnType::Type(_, ty) => result_ok(ty).unwrap_or(ty).to_token_stream(),
        ReturnType::Default => quote!(()),
    };
    // `impl Trait` and a type with an elided lifetime are not valid as an argument of `Command`.
    let output = match find_borrowed_or_impl(output.clone()) {
        Some(TokenTree::Punct(mark)) if mark.as_char() == '\'' => output,
        Some(_) => quote!(()),
        None => output,
    };
    let attrs = attrs.iter().filter(|attr| !attr::is_named(attr, "tool"));
    let header = header(sig, &quote!(#crate_path::Command<#output>));
    quote! {
        #(#attrs)*
        #[allow(unused_variables, dead_code, clippy::all, clippy::pedantic, reason = "replaces a command with errors")]
        #vis #header { ::core::unimplemented!() }
    }
}
