//! `#[tool]`: parse → validate → expand.

mod expand;
mod fallback;
mod model;
mod parse;
mod validate;

use proc_macro2::TokenStream;

use crate::entry::Rejected;
use crate::errors::Errors;
use crate::function;

/// Expands `#[tool]`.
pub(crate) fn expand(attribute: TokenStream, item: &TokenStream) -> Result<TokenStream, Rejected> {
    let mut function = function::read(item, "`#[tool]` can only be used on a function")?;
    let mut errors = Errors::default();
    let arguments = parse::arguments(attribute, &mut errors);
    let attrs = parse::take_attrs(&mut function, &mut errors);
    match validate::validate(&function, arguments, attrs, errors) {
        Ok(model) => Ok(expand::tool(&model)),
        Err((errors, names, state_count)) => Err(Rejected {
            errors,
            fallback: fallback::tool(&function, &names, state_count),
        }),
    }
}
