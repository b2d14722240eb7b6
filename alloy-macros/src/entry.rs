//! Runs a macro and turns its errors into tokens.

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

/// The errors of a declaration, and an item that replaces it so that the rest of the program keeps its types.
pub(crate) struct Rejected {
    pub(crate) errors: Errors,
    pub(crate) fallback: TokenStream,
}

/// Expands an item. On errors, gives the fallback item and a `compile_error!` for each.
pub(crate) fn run(
    attribute: TokenStream,
    item: &TokenStream,
    expand: impl FnOnce(TokenStream, &TokenStream) -> Result<TokenStream, Rejected>,
) -> TokenStream {
    expand(attribute, item).unwrap_or_else(|Rejected { errors, fallback }| {
        let errors = errors.into_tokens();
        quote!(#fallback #errors)
    })
}
