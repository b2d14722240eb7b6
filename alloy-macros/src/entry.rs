//! From the compiler's tokens to a macro and back: where errors become tokens.

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

/// What a macro gives back when a declaration is wrong: the mistakes, and an item that stands in for
/// the right one, so that the rest of the program keeps its types.
pub(crate) struct Refused {
    pub(crate) errors: Errors,
    pub(crate) standin: TokenStream,
}

/// Runs a macro.
pub(crate) fn run(
    attribute: TokenStream,
    item: &TokenStream,
    expand: impl FnOnce(TokenStream, &TokenStream) -> Result<TokenStream, Refused>,
) -> TokenStream {
    expand(attribute, item).unwrap_or_else(|Refused { errors, standin }| {
        let errors = errors.into_tokens();
        quote!(#standin #errors)
    })
}
