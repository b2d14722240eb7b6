//! The grammar of an attribute's arguments, parted by commas: a template, `key = value` and `key(…)`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::token::Paren;
use syn::{Attribute, Ident, LitStr, Token, parenthesized};

use crate::errors::Errors;

/// One argument of an attribute, its value still as tokens.
pub(crate) struct Argument {
    /// Of a template the key that it stands for, at the template's place.
    pub(crate) key: Ident,
    pub(crate) form: Form,
    pub(crate) value: TokenStream,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Form {
    /// A string literal by itself.
    Template,
    /// `key = value`
    Pair,
    /// `key(value)`
    List,
}

/// Whether an attribute is the macro of this name, by whatever path.
pub(crate) fn is(attr: &Attribute, name: &str) -> bool {
    let last = attr.path().segments.last();
    last.is_some_and(|last| last.ident == name)
}

/// Reads the arguments, each key once. One that cannot be read is a mistake and does not hide the others.
pub(crate) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Vec<Argument> {
    let mut arguments: Vec<Argument> = Vec::new();
    for piece in split_at_commas(tokens, errors) {
        match argument.parse2(piece) {
            Ok(Argument { key, .. }) if arguments.iter().any(|other| other.key == key) => {
                errors.push(&key, format!("`{key}` is given twice; keep one"));
            }
            Ok(argument) => arguments.push(argument),
            Err(error) => errors.add(error),
        }
    }
    arguments
}

fn argument(input: ParseStream<'_>) -> syn::Result<Argument> {
    let read = if input.peek(LitStr) {
        let template: LitStr = input.parse()?;
        Argument {
            key: Ident::new("prompt", template.span()),
            form: Form::Template,
            value: template.into_token_stream(),
        }
    } else if input.peek(Ident::peek_any) {
        let key = input.call(Ident::parse_any)?.unraw();
        if input.peek(Paren) {
            let inside;
            parenthesized!(inside in input);
            let value = inside.parse()?;
            let form = Form::List;
            Argument { key, form, value }
        } else {
            pair(key, input)?
        }
    } else {
        return Err(input.error("expected a template, `\"…\"`, or `key = value`"));
    };
    match (input.is_empty(), read.form) {
        (true, _) => Ok(read),
        (false, Form::Template) => Err(input.error("expected `,` after the template")),
        (false, _) => Err(input.error("expected `,` before this")),
    }
}

fn pair(key: Ident, input: ParseStream<'_>) -> syn::Result<Argument> {
    if !input.peek(Token![=]) {
        let message = format!("`{key}` takes a value: `{key} = …`");
        return Err(syn::Error::new(key.span(), message));
    }
    let equals: Token![=] = input.parse()?;
    let value: TokenStream = input.parse()?;
    if value.is_empty() {
        let message = format!("`{key} =` lacks its value");
        return Err(syn::Error::new_spanned(equals, message));
    }
    let form = Form::Pair;
    Ok(Argument { key, form, value })
}

/// The arguments as token streams. One comma may end them; each has something before it.
pub(crate) fn split_at_commas(tokens: TokenStream, errors: &mut Errors) -> Vec<TokenStream> {
    let mut pieces = Vec::new();
    let mut piece = TokenStream::new();
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => match piece.is_empty() {
                true => errors.push(token, "expected a value before this comma"),
                false => pieces.push(std::mem::take(&mut piece)),
            },
            _ => piece.extend([token]),
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}
