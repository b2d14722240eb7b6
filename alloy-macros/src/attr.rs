//! The grammar of an attribute's arguments, parted by commas: a template, `key = value` and `key(…)`.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::token::Paren;
use syn::{Ident, LitStr, Token, parenthesized};

use crate::errors::Errors;

/// One argument of an attribute.
pub(crate) enum Argument {
    /// A string literal by itself.
    Template(LitStr),
    Pair(Pair),
    /// `key(…)`, what is between the parentheses still as tokens.
    List(Pair),
}

/// A key and its value, still as tokens.
pub(crate) struct Pair {
    pub(crate) key: Ident,
    pub(crate) value: TokenStream,
}

/// Reads the arguments. One that cannot be read is a mistake and does not hide the others.
pub(crate) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Vec<Argument> {
    let mut arguments = Vec::new();
    for piece in split_at_commas(tokens) {
        match argument.parse2(piece) {
            Ok(argument) => arguments.push(argument),
            Err(error) => errors.add(error),
        }
    }
    arguments
}

fn argument(input: ParseStream<'_>) -> syn::Result<Argument> {
    if input.peek(LitStr) {
        let template = input.parse()?;
        return match input.is_empty() {
            true => Ok(Argument::Template(template)),
            false => Err(input.error("expected `,` after the template")),
        };
    }
    if !input.peek(Ident::peek_any) {
        return Err(input.error("expected a template, `\"…\"`, or `key = value`"));
    }
    let key = input.call(Ident::parse_any)?;
    if input.peek(Paren) {
        let inside;
        parenthesized!(inside in input);
        let value = inside.parse()?;
        return match input.is_empty() {
            true => Ok(Argument::List(Pair { key, value })),
            false => Err(input.error("expected `,` before this")),
        };
    }
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(
            key.span(),
            format!("`{key}` takes a value: `{key} = …`"),
        ));
    }
    let equals: Token![=] = input.parse()?;
    let value: TokenStream = input.parse()?;
    if value.is_empty() {
        return Err(syn::Error::new_spanned(
            equals,
            format!("`{key} =` lacks its value"),
        ));
    }
    Ok(Argument::Pair(Pair { key, value }))
}

/// The arguments as token streams; an empty one after a last comma is none.
pub(crate) fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut pieces = vec![TokenStream::new()];
    for token in tokens {
        match (&token, pieces.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => {
                pieces.push(TokenStream::new());
            }
            (_, Some(piece)) => piece.extend([token]),
            (_, None) => {}
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}
