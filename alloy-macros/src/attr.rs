//! Parses the arguments of an attribute: a template, `key = value` and `key(…)`, separated by commas.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::token::Paren;
use syn::{Attribute, Ident, LitStr, Token, parenthesized};

use crate::errors::Errors;
use crate::keys::is_constant;

/// One argument of an attribute, with its value as tokens.
pub(crate) struct Argument {
    /// The key. For a template without a key it is `prompt`, with the span of the template.
    pub(crate) key: Ident,
    pub(crate) syntax: ArgumentSyntax,
    pub(crate) value: TokenStream,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum ArgumentSyntax {
    /// `"…"`, without a key.
    Template,
    /// `key = value`
    Pair,
    /// `key(value)`
    List,
}

/// Returns `true` if the last segment of the attribute's path is `name`.
pub(crate) fn is_named(attr: &Attribute, name: &str) -> bool {
    let last = attr.path().segments.last();
    last.is_some_and(|last| last.ident == name)
}

/// Parses the arguments. An argument that is not valid is reported and skipped, so that the errors of the
/// others are reported as well. A repeated key is an error.
pub(crate) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Vec<Argument> {
    let mut arguments: Vec<Argument> = Vec::new();
    for piece in split_at_commas(tokens, errors) {
        match parse_argument.parse2(piece) {
            Ok(Argument { key, syntax, .. }) if arguments.iter().any(|other| other.key == key) => {
                let message = match syntax {
                    ArgumentSyntax::Template => {
                        "the prompt is given already, and this string has no key; a model is `model = \"…\"`, \
                         a system message is `system = \"…\"`"
                            .to_owned()
                    }
                    _ => format!("`{key}` is given twice; keep one"),
                };
                errors.push(&key, message);
            }
            Ok(argument) => arguments.push(argument),
            Err(error) => errors.add(error),
        }
    }
    arguments
}

fn parse_argument(input: ParseStream<'_>) -> syn::Result<Argument> {
    let argument = if input.peek(LitStr) {
        let template: LitStr = input.parse()?;
        Argument {
            key: Ident::new("prompt", template.span()),
            syntax: ArgumentSyntax::Template,
            value: template.into_token_stream(),
        }
    } else if input.peek(Ident::peek_any) {
        let key = input.call(Ident::parse_any)?.unraw();
        if input.peek(Paren) {
            let content;
            parenthesized!(content in input);
            let value = content.parse()?;
            let syntax = ArgumentSyntax::List;
            Argument { key, syntax, value }
        } else {
            parse_pair(key, input)?
        }
    } else {
        return Err(input.error("expected a template, `\"…\"`, or `key = value`"));
    };
    match (input.is_empty(), argument.syntax) {
        (true, _) => Ok(argument),
        (false, ArgumentSyntax::Template) => Err(input.error("expected `,` after the template")),
        (false, _) => Err(input.error("expected `,` before this")),
    }
}

fn parse_pair(key: Ident, input: ParseStream<'_>) -> syn::Result<Argument> {
    if !input.peek(Token![=]) {
        let is_expression =
            input.peek(Token![!]) || input.peek(Token![::]) || is_constant(&key.to_string());
        let message = match is_expression {
            true => "expected a string literal, which is the prompt, or a key; the file of a prompt is \
                     `prompt_file = \"…\"`, and a prompt that the program builds is the body of the function"
                .to_owned(),
            false => format!("`{key}` takes a value: `{key} = …`"),
        };
        return Err(syn::Error::new(key.span(), message));
    }
    let equals: Token![=] = input.parse()?;
    let value: TokenStream = input.parse()?;
    if value.is_empty() {
        let message = format!("`{key} =` has no value; write `{key} = …`");
        return Err(syn::Error::new_spanned(equals, message));
    }
    let syntax = ArgumentSyntax::Pair;
    Ok(Argument { key, syntax, value })
}

/// Splits tokens at their top-level commas. A trailing comma is allowed; a comma without a value before it is
/// an error.
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
