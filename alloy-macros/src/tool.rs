//! `#[tool]`: parse → validate → expand.

mod expand;
mod model;
mod parse;
mod standin;
mod validate;

use proc_macro2::TokenStream;

use crate::entry::Refused;
use crate::errors::Errors;
use crate::function;

/// The whole macro.
pub(crate) fn expand(attribute: TokenStream, item: &TokenStream) -> Result<TokenStream, Refused> {
    let mut function = function::read(item, "`#[tool]` goes on a function")?;
    let mut errors = Errors::default();
    let arguments = parse::arguments(attribute, &mut errors);
    let parts = parse::parts(&mut function, &mut errors);
    match validate::validate(&function, arguments, parts, errors) {
        Ok(model) => Ok(expand::tool(&model)),
        Err((errors, names, states)) => Err(Refused {
            errors,
            standin: standin::tool(&function, &names, states),
        }),
    }
}
