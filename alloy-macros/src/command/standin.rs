//! What stands in for a command whose declaration is wrong.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{Path, ReturnType};

use super::expand::header;
use crate::attr;
use crate::function::Function;
use crate::types::{borrowed_or_nameless, inside_result};

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
        ReturnType::Type(_, ty) => inside_result(ty).unwrap_or(ty).to_token_stream(),
        ReturnType::Default => quote!(()),
    };
    // A type without a name, or with a lifetime left out, cannot stand where nothing says which it is.
    let output = match borrowed_or_nameless(output.clone()) {
        Some(TokenTree::Punct(mark)) if mark.as_char() == '\'' => output,
        Some(_) => quote!(()),
        None => output,
    };
    let attrs = attrs.iter().filter(|attr| !attr::is(attr, "tool"));
    let header = header(sig, &quote!(#path::Command<#output>));
    quote! {
        #(#attrs)*
        #[allow(unused_variables, dead_code, clippy::all, clippy::pedantic, reason = "stands in for a command with mistakes")]
        #vis #header { ::core::unimplemented!() }
    }
}
