//! `#[command]`: parse → validate → expand.

mod expand;
mod model;
mod names;
mod parse;
mod prompt;
mod standin;
mod validate;

use proc_macro2::TokenStream;

use crate::contract::{self, Kind};
use crate::entry::Refused;
use crate::errors::Errors;
use crate::function;

/// The whole macro.
pub(crate) fn expand(attribute: TokenStream, item: &TokenStream) -> Result<TokenStream, Refused> {
    let mut function = function::read(item, "`#[command]` goes on an `async fn`")?;
    let mut errors = Errors::default();
    let arguments = parse::arguments(attribute, &mut errors);
    let ensures = contract::take(&mut function.attrs, Kind::Ensure);
    match validate::validate(&function, arguments, &ensures, errors) {
        Ok(model) => Ok(expand::command(&model)),
        Err((errors, path)) => Err(Refused {
            errors,
            standin: standin::command(&function, &path),
        }),
    }
}
