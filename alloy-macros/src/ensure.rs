//! `#[ensure(condition, "message")]`: what a declaration says of its answers beside their type.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{Attribute, LitStr, Meta};

use crate::attr;
use crate::entry::Refused;
use crate::errors::Errors;
use crate::function::Param;

const EXAMPLE: &str = "`#[ensure(|answer| answer.age < 130, \"age must be below 130\")]`";

/// A condition, and what the model is told where an answer breaks it.
pub(crate) struct Ensure {
    /// A closure, or the path of a function.
    pub(crate) condition: TokenStream,
    pub(crate) message: LitStr,
}

/// Takes the conditions out of a function's attributes, in their order.
pub(crate) fn take(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    let is_ensure = |attr: &Attribute| {
        let last = attr.path().segments.last();
        last.is_some_and(|last| last.ident == "ensure")
    };
    let (ensures, others) = attrs.drain(..).partition(is_ensure);
    *attrs = others;
    ensures
}

/// Reads a condition; `None` where it is a mistake.
pub(crate) fn read(attr: &Attribute, params: &[Param], errors: &mut Errors) -> Option<Ensure> {
    let Meta::List(arguments) = &attr.meta else {
        let message = format!("`#[ensure]` takes a condition and a message: {EXAMPLE}");
        errors.push(attr.path(), message);
        return None;
    };
    let mut pieces = attr::split_at_commas(arguments.tokens.clone());
    let last = pieces.pop().unwrap_or_default();
    let Ok(message) = syn::parse2::<LitStr>(last.clone()) else {
        let place = if last.is_empty() {
            attr.path().to_token_stream()
        } else {
            last
        };
        let message = "`#[ensure]` ends with the message that the model reads, a string literal";
        errors.push(place, format!("{message}: {EXAMPLE}"));
        return None;
    };
    if message.value().trim().is_empty() {
        errors.push(message, "the message is empty; say what an answer must be");
        return None;
    }
    // Commas of the condition's own, those of a turbofish for example, were parted as well.
    let condition = quote!(#(#pieces),*);
    if condition.is_empty() {
        errors.push(
            message,
            format!("`#[ensure]` lacks its condition: {EXAMPLE}"),
        );
        return None;
    }
    if let Some(param) = parameter_in(&condition, params) {
        let text = format!("a condition sees the answer alone, and `{param}` is a parameter");
        errors.push(param, text);
        return None;
    }
    Some(Ensure { condition, message })
}

/// A parameter of the command in a plain condition, one that names nothing of its own behind its head.
fn parameter_in(condition: &TokenStream, params: &[Param]) -> Option<TokenTree> {
    let mut bars = 0;
    let mut own: Vec<String> = Vec::new();
    let mut after_dot = false;
    for token in condition.clone() {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '|' => bars += 1,
            TokenTree::Ident(name) if bars == 1 => own.push(name.to_string()),
            TokenTree::Ident(name) if bars == 2 && !after_dot => {
                let is_param = params.iter().any(|param| param.name == *name);
                if is_param && !own.contains(&name.to_string()) {
                    return Some(token);
                }
            }
            _ => {}
        }
        after_dot = matches!(&token, TokenTree::Punct(punct) if ".:".contains(punct.as_char()));
    }
    None
}

/// The macro by itself: it stands where `#[command]` does not see it.
pub(crate) fn misplaced(
    _attribute: TokenStream,
    item: &TokenStream,
) -> Result<TokenStream, Refused> {
    let mut errors = Errors::default();
    errors.push(
        TokenStream::new(),
        "`#[ensure]` belongs below the `#[command(…)]` of a function, which reads it: move it there",
    );
    Err(Refused {
        errors,
        standin: item.clone(),
    })
}
