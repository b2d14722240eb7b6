//! `#[command]`: parse → validate → expand.

mod expand;
mod model;
mod parse;
mod prompt;
mod standin;
mod types;
mod validate;

use proc_macro2::TokenStream;
use quote::quote;

use crate::ensure;
use crate::entry::Refused;
use crate::errors::Errors;
use crate::function::Function;

/// The whole macro.
pub(crate) fn expand(attribute: TokenStream, item: &TokenStream) -> Result<TokenStream, Refused> {
    let mut function: Function = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => return Err(no_function(error, item)),
    };
    let mut errors = Errors::default();
    let arguments = parse::arguments(attribute, &mut errors);
    let ensures = ensure::take(&mut function.attrs);
    match validate::validate(&function, arguments, &ensures, errors) {
        Ok(model) => Ok(expand::command(&model)),
        Err((errors, path)) => Err(Refused {
            errors,
            standin: standin::command(&function, &path),
        }),
    }
}

/// What stands under the attribute is no function: say so, and leave it as it is. A function that is
/// only half typed keeps the parser's own words.
fn no_function(error: syn::Error, item: &TokenStream) -> Refused {
    match syn::parse2::<syn::Item>(item.clone()) {
        Ok(syn::Item::Fn(_) | syn::Item::Verbatim(_)) | Err(_) => Refused {
            errors: error.into(),
            standin: TokenStream::new(),
        },
        Ok(other) => {
            let mut errors = Errors::default();
            errors.push(first_token(&other), "`#[command]` goes on an `async fn`");
            Refused {
                errors,
                standin: quote!(#item),
            }
        }
    }
}

/// The item's first token that is no attribute: its keyword.
fn first_token(item: &syn::Item) -> TokenStream {
    let mut after_hash = false;
    let tokens = quote!(#item).into_iter();
    let mut tokens = tokens.skip_while(|token| {
        let hash = token.to_string() == "#";
        let attribute = hash || after_hash;
        after_hash = hash;
        attribute
    });
    tokens.next().into_iter().collect()
}
