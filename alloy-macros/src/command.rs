//! `#[command]`: parse → validate → expand.

mod expand;
mod fallback;
mod model;
mod names;
mod parse;
mod prompt;
mod validate;

use proc_macro2::TokenStream;

use crate::contract::{self, ContractKind};
use crate::entry::Rejected;
use crate::errors::Errors;
use crate::function;

/// Expands `#[command]`.
pub(crate) fn expand(attribute: TokenStream, item: &TokenStream) -> Result<TokenStream, Rejected> {
    let mut function = function::read(item, "`#[command]` can only be used on an `async fn`")?;
    let mut errors = Errors::default();
    let arguments = parse::arguments(attribute, &mut errors);
    let ensures = contract::take(&mut function.attrs, ContractKind::Ensure);
    match validate::validate(&function, arguments, &ensures, errors) {
        Ok(model) => Ok(expand::command(&model)),
        Err((errors, crate_path)) => Err(Rejected {
            errors,
            fallback: fallback::command(&function, &crate_path),
        }),
    }
}
